"""Submitting sweeps and looking at them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from service.api.context import Asking, Here
from service.api.examples import SUBMISSIONS, YAML_SUBMISSIONS
from service.api.listing import cursor_at, place_in
from service.api.parameters import Body, SweepId, SweepsQuery
from service.api.problems import documented
from service.api.schemas.preview import Preview
from service.api.schemas.sweep import Sweep, SweepInFull, Sweeps
from service.api.sent import Sent
from service.api.straight_route import StraightRoute
from service.api.written_in import SweepMediaType
from service.lifecycle.estimate import outlook
from service.lifecycle.limits import limits_of, most_runs
from service.lifecycle.plan_submission import plan_submission
from service.planning.query.reading import read_filter, read_order
from service.planning.query.vocabulary import OF_SWEEPS
from service.planning.sweep_file import JSON, YAML
from service.store import sweep_queries

router = APIRouter(tags=["sweeps"])
NEWEST_FIRST = read_order("-created_at", OF_SWEEPS)

# The body is read by the service's own strict reader, so FastAPI has to be told what it is.
SUBMISSION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            media_type: {"schema": {"$ref": "#/components/schemas/SweepSubmission"}, "examples": examples}
            for media_type, examples in ((JSON, SUBMISSIONS), (YAML, YAML_SUBMISSIONS))
        },
    }
}


async def create_sweep(sent: Sent) -> Response:
    """Store a sweep with all its runs, and tell the workers; of a faulty submission nothing is stored."""
    here, caller = sent.here, sent.caller
    submitted = await here.intake.submit(
        sent.database,
        owner_id=caller.owner_id,
        body=sent.body,
        media_type=sent.media_type,
        idempotency_key=sent.idempotency_key,
        max_runs=here.settings.max_runs_per_sweep,
        most_memory=here.settings.memory_for_a_run,
        limits=limits_of(here.settings, caller),
    )
    if submitted.populations:
        here.ring(submitted.populations)
    if submitted.view is None:
        sweep = await run_in_threadpool(sweep_in_full, here, caller, submitted.public_id)
    else:
        sweep = SweepInFull.of(submitted.view)
    headers = {"Location": sweep.links.self} | (
        {"Idempotency-Replayed": "true"} if submitted.replayed else {}
    )
    # Written here: the framework would check once more what was checked when it was made.
    return Response(sweep.model_dump_json(), 201, headers, media_type="application/json")


router.add_api_route(
    "/sweeps",
    create_sweep,
    methods=["POST"],
    route_class_override=StraightRoute,
    status_code=201,
    summary="Submit a sweep",
    response_model=SweepInFull,
    responses=documented(409, 413, 415, 422),
    openapi_extra=SUBMISSION,
)


@router.post(
    "/sweeps:preview",
    summary="Preview a sweep",
    responses=documented(413, 415, 422),
    openapi_extra=SUBMISSION,
)
def preview_sweep(here: Here, caller: Asking, body: Body, media_type: SweepMediaType) -> Preview:
    """Say what a submit of the same body would create; nothing is stored."""
    plan = plan_submission(
        here.database,
        owner_id=caller.owner_id,
        body=body,
        media_type=media_type,
        max_runs=most_runs(here.settings.max_runs_per_sweep, limits_of(here.settings, caller)),
        most_memory=here.settings.memory_for_a_run,
    )
    with here.database.read() as session:
        return Preview.of(plan, outlook(session, caller.owner_id, plan))


@router.get("/sweeps", summary="List sweeps", responses=documented(422))
def list_sweeps(here: Here, caller: Asking, query: Annotated[SweepsQuery, Query()]) -> Sweeps:
    """List the caller's sweeps that a filter lets through, the newest first."""
    tree = read_filter(query.filter, OF_SWEEPS)
    after = None if query.cursor is None else place_in(query.cursor, NEWEST_FIRST, tree)
    with here.database.read() as session:
        views = sweep_queries.list_sweeps(
            session, caller.owner_id, tree=tree, limit=query.limit + 1, after=after
        )
    shown = views[: query.limit]
    cursor = None
    if len(views) > query.limit:
        last = shown[-1].sweep
        cursor = cursor_at((last.created_at, last.public_id), NEWEST_FIRST, tree)
    return Sweeps(items=[Sweep.of(view) for view in shown], next_cursor=cursor)


@router.get("/sweeps/{sweep_id}", summary="Get a sweep", responses=documented(404))
def get_sweep(here: Here, caller: Asking, sweep_id: SweepId) -> SweepInFull:
    """Return one sweep with its counts, its progress and the text that was submitted."""
    return sweep_in_full(here, caller, sweep_id)


def sweep_in_full(here: Here, caller: Asking, sweep_id: str) -> SweepInFull:
    """One sweep as its owner sees it now."""
    with here.database.read() as session:
        return SweepInFull.of(sweep_queries.find_sweep(session, caller.owner_id, sweep_id))
