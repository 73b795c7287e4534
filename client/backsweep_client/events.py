"""A sweep's events as they happen, by server-sent events; a broken stream goes on behind the last one seen.

The format is WHATWG's (HTML, section 9.2.6): lines `id:`, `event:`, `data:`, an empty line ends an event.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from backsweep_client.problems import ServiceFailed, TooMany, Unreachable
from backsweep_client.transport import Transport

SILENCE = 45.0  # seconds without even a comment after which a stream counts as broken
RECONNECT_SECONDS = 1.0
MOST_FAILURES = 10  # in a row, before a stream is given up


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number within the sweep, its kind and what is told with it."""

    id: str
    kind: str
    data: Any


def follow(transport: Transport, path: str, after: str | None = None) -> Iterator[Event]:
    """The events at `path` behind the one numbered `after`, until the service ends the stream.

    Raises:
        Problem: the service refused.
        Unreachable: the stream broke ten times in a row without an event.
    """
    last, failures = after, 0
    while True:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        try:
            with transport.stream(path, headers=headers, silence=SILENCE) as response:
                for event in parse(response.iter_lines()):
                    last, failures = event.id or last, 0
                    yield event
        except (httpx.TransportError, Unreachable, ServiceFailed, TooMany) as error:
            failures += 1
            if failures > MOST_FAILURES:
                raise Unreachable(f"the events of {path} broke off: {error}") from error
            time.sleep(min(RECONNECT_SECONDS * failures, 5.0))
        else:
            return


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """The events in the lines of a stream; comments are skipped, an unfinished last event is dropped."""
    last, kind, data = "", "message", list[str]()
    for line in lines:
        if not line:
            if data:
                yield Event(last, kind, _decoded("\n".join(data)))
            kind, data = "message", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last = value


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
