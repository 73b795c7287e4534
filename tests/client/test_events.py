"""A sweep's events are told once and in their order, whatever becomes of the connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import httpx
import pytest

from backsweep_client import Client, NotFound, Sweep, Unreachable
from tests.client.sweeps import WINE

Answers = Sequence[httpx.Response | httpx.TransportError]
END = 'event: end\ndata: {"reason": "the sweep is final"}\n\n'


def test_the_events_of_a_sweep_are_its_story_up_to_its_end(wine: Sweep) -> None:
    events = list(wine.events())
    assert [int(event.id) for event in events] == list(range(1, len(events) + 1))
    assert events[0].kind == "created"
    assert {event.kind for event in events} >= {"claimed", "progress"}
    assert events[-1].data["state"] == "completed"
    assert list(wine.events(after=events[-2].id)) == events[-1:]


def test_who_hears_every_event_knows_what_the_service_knows(client: Client, wine: Sweep) -> None:
    heard = Sweep(client.transport, {"id": wine.id})
    for event in heard.events():
        heard.hear(event)
    now = wine.refresh()
    assert (heard.state, heard.fraction) == (now.state, now.fraction)
    assert heard.document["progress"] == now.document["progress"]
    assert heard.document["last_event"] == now.document["last_event"]
    assert {state: n for state, n in heard.counts.items() if n} == {
        state: n for state, n in now.counts.items() if n
    }


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], tuple[list[str], list[str | None]]]:
    """The ids that a client tells whose service gives these answers, and each request's `Last-Event-ID`."""
    monkeypatch.setattr("backsweep_client.events.RECONNECT_SECONDS", 0.0)

    def ask(answers: Answers) -> tuple[list[str], list[str | None]]:
        asked: list[str | None] = []

        def answer(request: httpx.Request) -> httpx.Response:
            asked.append(request.headers.get("Last-Event-ID"))
            found = answers[min(len(asked), len(answers)) - 1]
            if isinstance(found, httpx.TransportError):
                raise found
            return found

        with Client("http://127.0.0.1:1", key="k", http=httpx.MockTransport(answer)) as client:
            return [event.id for event in Sweep(client.transport, {"id": "s_1"}).events()], asked

    return ask


def _stream(*numbers: int, end: str = "") -> httpx.Response:
    events = (f'id: {number}\ndata: {{"kind":"progress"}}\n\n' for number in numbers)
    return httpx.Response(200, text=": a comment\n\n" + "".join(events) + end)


def test_a_stream_that_breaks_or_that_a_stopping_service_ends_goes_on_behind_the_last_event(
    told: Callable[[Answers], tuple[list[str], list[str | None]]],
) -> None:
    broken: Answers = [
        _stream(1, 2),
        httpx.ReadError("reset"),
        httpx.ConnectError("refused"),
        httpx.Response(503),
    ]
    ids, asked = told([*broken, _stream(3, end=END), httpx.Response(204)])
    assert ids == ["1", "2", "3"]
    assert asked == [None, "2", "2", "2", "2", "3"]


def test_an_id_without_an_event_is_remembered(
    told: Callable[[Answers], tuple[list[str], list[str | None]]],
) -> None:
    moved = httpx.Response(200, text="id: 7\n\n")
    ids, asked = told([_stream(1), moved, *[moved] * 11, _stream(8, end=END), httpx.Response(204)])
    assert ids == ["1", "8"]
    assert asked == [None, "1", *["7"] * 12, "8"]


def test_a_sweep_that_is_deleted_meanwhile_is_not_found(
    told: Callable[[Answers], tuple[list[str], list[str | None]]],
) -> None:
    with pytest.raises(NotFound):
        told([_stream(1, end=END), httpx.Response(404)])


def test_a_stream_that_never_tells_anything_is_given_up(
    told: Callable[[Answers], tuple[list[str], list[str | None]]],
) -> None:
    with pytest.raises(Unreachable, match="the stream ended"):
        told([_stream()])


def test_who_follows_all_sweeps_from_now_on_hears_of_those_that_are_submitted_meanwhile(
    client: Client,
) -> None:
    submitted: list[Sweep] = []
    heard: dict[str, int] = {}
    first = None
    for event in client.events(begun=lambda: submitted.append(client.submit(WINE))):
        first = first or event.id
        number = event.data["number"]
        assert number == heard.get(event.data["sweep"], number - 1) + 1  # none is missed
        heard[event.data["sweep"]] = number
        if event.data["sweep"] == submitted[0].id and event.data["state"] == "completed":
            break
    assert submitted[0].refresh().document["last_event"] == heard[submitted[0].id]
    assert len(submitted) == 1
    again = client.events(after=first)
    assert int(next(again).id) > int(first or 0)


def test_a_place_is_remembered_and_is_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsweep_client.events.RECONNECT_SECONDS", 0.0)
    asked: list[str | None] = []
    begun: list[int] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("Last-Event-ID"))
        place = 'id: 41\nevent: place\ndata: {"reason": "from here on"}\n\n'
        return httpx.Response(200, text=place) if len(asked) == 1 else _stream(44)

    with Client("http://127.0.0.1:1", key="k", http=httpx.MockTransport(answer)) as mocked:
        assert next(mocked.events(begun=lambda: begun.append(1))).id == "44"
    assert asked == [None, "41"]
    assert begun == [1]
