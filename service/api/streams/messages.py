"""Server-sent events as bytes (the WHATWG's HTML standard, section 9.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from service.planning.statuses import SweepState
from service.store.clock import rfc3339
from service.store.event_queries import StoredEvent

MEDIA_TYPE = "text/event-stream"
FINAL = frozenset(state.value for state in SweepState if state.is_final)


@dataclass(frozen=True, slots=True)
class Message:
    """One event as every client gets it: written once, however many they are."""

    number: int
    final: bool  # no run of the sweep waits or trains after it
    content: bytes


def message(sweep: str, event: StoredEvent) -> Message:
    """The message of one event; its id is the event's number, and its data one line of JSON."""
    data = {
        "sweep": sweep,
        "number": event.number,
        "at": rfc3339(event.at),
        "kind": event.kind,
        **event.document,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    content = f"id: {event.number}\ndata: {text}\n\n".encode()
    return Message(event.number, event.document.get("state") in FINAL, content)


def named(name: str, reason: str) -> bytes:
    """A message of another type than the sweep's events; it has no id, and moves nobody's place."""
    return f"event: {name}\ndata: {json.dumps({'reason': reason})}\n\n".encode()


def comment(text: str) -> bytes:
    """A line that clients skip: it shows that both ends are there, and people what happens."""
    return f": {text}\n\n".encode()


def retry(milliseconds: int) -> bytes:
    """After how long a client whose connection broke is to ask again."""
    return f"retry: {milliseconds}\n\n".encode()
