"""A sweep's events as they happen, by server-sent events; a broken stream goes on behind the last one seen.

A stream that ends is asked for again, too: the service ends them when it stops. Only its answer 204 says that
there is nothing more to come.

The format is WHATWG's (HTML, section 9.2.6): lines `id:`, `event:`, `data:`, an empty line ends an event.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx

from backsweep_client.problems import ServiceFailed, TooMany, Unreachable
from backsweep_client.transport import Transport

NO_CONTENT = 204
END = "end"  # the service's own words, and no events
PLACE = "place"
SILENCE = 45.0  # seconds without even a comment after which a stream counts as broken
RECONNECT_SECONDS = 1.0
MOST_FAILURES = 10  # in a row, before a stream is given up


@dataclass(frozen=True, slots=True)
class Event:
    """One event: the id to go on behind, its kind (`created`, `progress`, ...) and all that is told.

    The id is its number within the sweep, or, of all sweeps, its place among all events.
    """

    id: str
    kind: str
    data: Mapping[str, Any]


class Message(NamedTuple):
    """One message of a stream: the last id so far, its type and its text."""

    id: str
    type: str
    text: str


def follow(
    transport: Transport,
    path: str,
    after: str | None = None,
    begun: Callable[[], object] | None = None,
) -> Iterator[Event]:
    """The events at `path` behind the one with the id `after`, until the service has no more.

    `begun` is called once the service has said from which place on it tells what happens.

    Raises:
        Problem: the service refused, or refuses now: the sweep was deleted, or the key has ended.
        Unreachable: the stream broke ten times in a row without an event.
    """
    last, failures = after, 0
    while True:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
        reason: object = "the stream ended"
        try:
            with transport.stream(path, headers=headers, silence=SILENCE) as response:
                if response.status_code == NO_CONTENT:
                    return
                for message in parse(response.iter_lines()):
                    if not message.text:
                        last, failures = message.id, 0
                        continue
                    data = json.loads(message.text)
                    if message.type == END:
                        reason = data["reason"]
                        continue
                    last, failures = message.id or last, 0
                    if message.type == PLACE:
                        if begun is not None:
                            begun()
                        continue
                    yield Event(message.id, data["kind"], data)
        except (httpx.TransportError, Unreachable, ServiceFailed, TooMany) as error:
            reason = error
        failures += 1
        if failures > MOST_FAILURES:
            raise Unreachable(f"the events of {path} broke off: {reason}")
        time.sleep(min(RECONNECT_SECONDS * (failures - 1), 5.0))


def parse(lines: Iterable[str]) -> Iterator[Message]:
    """The messages in the lines of a stream, without text where all that is new is an id.

    Comments are skipped, an unfinished last message is dropped.
    """
    last, told, kind, data = "", "", "message", list[str]()
    for line in lines:
        if not line:
            if data or last != told:
                yield Message(last, kind, "\n".join(data))
                told = last
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
