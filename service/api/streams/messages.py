"""Server-sent events as bytes (the WHATWG's HTML standard, section 9.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.planning.statuses import SweepState
from service.store.clock import rfc3339
from service.store.event_queries import OwnersEvent, StoredEvent

MEDIA_TYPE = "text/event-stream"
FINAL = frozenset(state.value for state in SweepState if state.is_final)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as every client gets it: written once, however many they are."""

    place: int  # in its story: the id that a client goes on behind
    final: bool  # no run of the sweep waits or trains after it
    content: bytes


def message(sweep: str, event: StoredEvent) -> Message:
    """The message of one sweep's event: its id is the event's number within the sweep."""
    return _message(event.number, sweep, event)


def owners_message(event: OwnersEvent) -> Message:
    """The same among the events of all sweeps of an owner: its id is the event's key."""
    return _message(event.key, event.sweep, event)


def named(name: str, data: Mapping[str, str], place: int | None = None) -> bytes:
    """A message of another type than events; without a place it moves nobody's."""
    at = "" if place is None else f"id: {place}\n"
    return f"{at}event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def comment(text: str) -> bytes:
    """A line that clients skip: it shows that both ends are there, and people what happens."""
    return f": {text}\n\n".encode()


def moved(place: int) -> bytes:
    """A new place to go on behind, without an event: clients only remember it."""
    return f"id: {place}\n: nothing of yours up to here\n\n".encode()


def retry(milliseconds: int) -> bytes:
    """After how long a client whose connection broke is to ask again."""
    return f"retry: {milliseconds}\n\n".encode()


def _message(place: int, sweep: str, event: StoredEvent | OwnersEvent) -> Message:
    data: dict[str, Any] = {
        "sweep": sweep,
        "number": event.number,
        "at": rfc3339(event.at),
        "kind": event.kind,
        **event.document,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    content = f"id: {place}\ndata: {text}\n\n".encode()
    return Message(place, event.document.get("state") in FINAL, content)
