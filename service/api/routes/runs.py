"""Looking at runs and at their losses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from service.api.context import Asking, Here
from service.api.cursors import decode, encode
from service.api.listing import cursor_at, place_in
from service.api.parameters import (
    MOST_LOSSES_AT_ONCE,
    MOST_RUNS_AT_ONCE,
    RUN_ID,
    LossesQuery,
    LossQuery,
    RunId,
    RunsQuery,
    names,
)
from service.api.problems import documented
from service.api.schemas.losses import LossTable, LossTables, loss_table, written
from service.api.schemas.run import RunInFull, Runs, runs_page
from service.errors import Fault, InvalidSubmission
from service.lifecycle.access import Caller
from service.lifecycle.reveal import count_reveal
from service.planning.query.reading import read_filter, read_order
from service.store import run_queries
from service.store.loss_queries import RunLosses, find_losses
from service.store.run_queries import RunFilter
from service.store.verification_queries import latest_verification

router = APIRouter(tags=["runs"])


@router.get("/runs", summary="List runs", response_model=Runs, responses=documented(404, 422))
def list_runs(here: Here, caller: Asking, query: Annotated[RunsQuery, Query()]) -> Response:
    """List runs of one sweep or of all, by a filter of the query language and in any order.

    Test metrics take no part unless that is asked for: what is chosen by them is no test any more.
    """
    which, order = _which(query), read_order(query.order, reveal_test=query.reveal_test)
    if query.reveal_test and query.sweep and query.cursor is None:
        count_reveal(here.database, caller.owner_id, query.sweep)
    after = None if query.cursor is None else place_in(query.cursor, order, which)
    with here.database.read() as session:
        views = run_queries.list_runs(
            session, caller.owner_id, which, order=order, limit=query.limit + 1, after=after
        )
    shown = views[: query.limit]
    more = cursor_at(shown[-1].place, order, which) if len(views) > query.limit else None
    return Response(runs_page(shown, more), media_type="application/json")


@router.get("/runs/{run_id}", summary="Get a run", responses=documented(404))
def get_run(here: Here, caller: Asking, run_id: RunId) -> RunInFull:
    """Return one run with the environment that it was trained in, and its latest verification."""
    with here.database.read() as session:
        run = run_queries.find_run(session, caller.owner_id, run_id)
        return RunInFull.of(run, latest_verification(session, caller.owner_id, run_id))


@router.get(
    "/runs/{run_id}/losses",
    summary="Get a run's losses",
    response_model=LossTable,
    responses=documented(404, 422),
)
def get_losses(here: Here, caller: Asking, run_id: RunId, query: Annotated[LossQuery, Query()]) -> Response:
    """Return what each recorded epoch measured; `after_epoch` reads on from what is known already."""
    with here.database.read() as session:
        found = _losses(session, caller, [run_id], query)
    return Response(written(loss_table(found[0])), media_type="application/json")


@router.get(
    "/losses",
    summary="Get several runs' losses",
    response_model=LossTables,
    responses=documented(404, 422),
)
def get_losses_of_runs(here: Here, caller: Asking, query: Annotated[LossesQuery, Query()]) -> Response:
    """Return the losses of up to 200 runs, in the order of `run_ids`.

    A page has about 15,000 recorded epochs at most, or is made from some 45,000 that `max_points` reduces;
    `next_cursor` leads to the other runs.
    """
    run_ids = _run_ids(query.run_ids)
    start = 0 if query.cursor is None else max(0, decode(query.cursor, (int,))[0])
    with here.database.read() as session:
        found = _losses(session, caller, run_ids[start:], query, at_once=MOST_LOSSES_AT_ONCE)
    end = start + len(found)
    more = encode((end,)) if end < len(run_ids) else None
    tables = {"items": [loss_table(losses) for losses in found], "next_cursor": more}
    return Response(written(tables), media_type="application/json")


def _losses(
    session: Session, caller: Caller, run_ids: Sequence[str], query: LossQuery, at_once: int | None = None
) -> Sequence[RunLosses]:
    return find_losses(
        session,
        caller.owner_id,
        run_ids,
        after_epoch=query.after_epoch,
        most=query.max_points,
        at_once=at_once,
    )


def _run_ids(text: str) -> Sequence[str]:
    given = names(text) or ()
    faults = [
        Fault(f"run_ids[{place}]", "is not the id of a run", name, "r_ and a UUIDv7")
        for place, name in enumerate(given)
        if not re.fullmatch(RUN_ID, name)
    ]
    if not 0 < len(given) <= MOST_RUNS_AT_ONCE:
        faults.append(
            Fault("run_ids", "has the wrong number of ids", len(given), f"1 to {MOST_RUNS_AT_ONCE}")
        )
    if faults:
        raise InvalidSubmission(faults)
    return list(dict.fromkeys(given))


def _which(query: RunsQuery) -> RunFilter:
    tree = read_filter(query.filter, reveal_test=query.reveal_test)
    return RunFilter(sweep=query.sweep, states=query.state, role=query.role, tree=tree)
