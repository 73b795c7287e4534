"""A sweep's story as it happens, or that of all sweeps, as server-sent events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from service.api.context import Asking, Context, Here
from service.api.parameters import EventsQuery, LastEventId, LastPlace, PlaceQuery, SweepId
from service.api.problems import documented
from service.api.streams.credentials import credential_of
from service.api.streams.event_stream import EventStream
from service.api.streams.messages import MEDIA_TYPE
from service.api.streams.standing import Credential
from service.api.streams.story import owners_story, story
from service.errors import Fault, InvalidSubmission
from service.lifecycle.access import Caller
from service.store.event_queries import Told, find_told, newest_event

router = APIRouter(tags=["sweeps"])

EXAMPLE = (
    'id: 7\ndata: {"sweep":"s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10","number":7,'
    '"at":"2026-11-23T20:56:12.345Z","kind":"progress","population":"p_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b11",'
    '"epoch":12,"state":"running","counts":{"running":64},"epochs_done":768,"epochs_total":1920}\n\n'
)
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Messages whose `id` is the event's number and whose `data` is a JSON object: sweep, "
        "number, at, kind, state, counts, epochs_done, epochs_total, and what the kind adds. Comments come "
        "while nothing happens. A message of the type `end`, without an id, is the last one.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    204: {"description": "The sweep is final and has no event behind that number: do not ask again."},
    **documented(404, 422, 503),
}
ALL_EXAMPLE = (
    'id: 4711\nevent: place\ndata: {"reason":"events come from here on"}\n\n'
    'id: 4718\ndata: {"sweep":"s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10","number":7,'
    '"at":"2026-11-23T20:56:12.345Z","kind":"progress","population":"p_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b11",'
    '"epoch":12,"state":"running","counts":{"running":64},"epochs_done":768,"epochs_total":1920}\n\n'
)
ALL_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Messages whose `data` is a JSON object as in the stream of the sweep that it names; "
        "`number` is its number there. The `id` is a place among all events: it grows, with gaps, and means "
        "something to this stream alone. A message of the type `place` has only an id.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": ALL_EXAMPLE}},
    },
    **documented(422, 503),
}


@router.get(
    "/events",
    summary="Watch all sweeps",
    response_class=Response,
    responses=ALL_RESPONSES,
)
async def watch_sweeps(
    here: Here,
    caller: Asking,
    request: Request,
    query: Annotated[PlaceQuery, Query()],
    last_event_id: LastPlace = None,
) -> Response:
    """Stream the events of all your sweeps as they happen, also of those that are submitted meanwhile.

    Without a place to go on behind, a message of the type `place` comes first: whoever asks for the list of
    sweeps after it has come knows everything up to there, and misses nothing. An event whose `number` is not
    above a sweep's `last_event` is in what the list says already. A client whose connection broke asks again
    with the last id that it has, as browsers do by themselves. That a sweep was deleted is no event.
    """
    here.tail.require_room()
    after = query.after if last_event_id is None else last_event_id
    if after is not None:
        newest = await run_in_threadpool(_newest, here)
        if after > newest:
            name = "after" if last_event_id is None else "Last-Event-ID"
            message = f"is behind the last event of all, which is at {newest}"
            raise InvalidSubmission([Fault(name, message, after, f"0 to {newest}")])
    return EventStream(owners_story(here.tail, caller.owner_id, _credential(here, request, caller), after))


@router.get(
    "/sweeps/{sweep_id}/events",
    summary="Watch a sweep",
    response_class=Response,
    responses=RESPONSES,
)
async def watch_sweep(
    here: Here,
    caller: Asking,
    request: Request,
    sweep_id: SweepId,
    query: Annotated[EventsQuery, Query()],
    last_event_id: LastEventId = None,
) -> Response:
    """Stream a sweep's numbered events: those so far, and then each as it happens, until the sweep is final.

    A client whose connection broke asks again with the last id that it has, and misses nothing; browsers do
    so by themselves. A client that takes nothing for half a minute is cut off.
    """
    here.tail.require_room()
    told = await run_in_threadpool(_told, here, caller.owner_id, sweep_id)
    after = (query.after or 0) if last_event_id is None else last_event_id
    _require_told(after, told, "after" if last_event_id is None else "Last-Event-ID")
    if told.state.is_final and after == told.number:
        return Response(status_code=204)
    return EventStream(story(here.tail, told, sweep_id, _credential(here, request, caller), after))


def _credential(here: Context, request: Request, caller: Caller) -> Credential:
    return credential_of(request.headers, here.cookie_name, here.token, caller)


def _newest(here: Context) -> int:
    with here.database.read() as session:
        return newest_event(session)


def _told(here: Context, owner_id: int, sweep_id: str) -> Told:
    with here.database.read() as session:
        return find_told(session, owner_id, sweep_id)


def _require_told(after: int, told: Told, name: str) -> None:
    if after > told.number:
        message = f"is behind the last event of this sweep, which has number {told.number}"
        raise InvalidSubmission([Fault(name, message, after, f"0 to {told.number}")])
