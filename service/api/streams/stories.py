"""What can be watched: each sweep by its numbers, and all sweeps of an owner by the keys of their events.

A tick asks each kind in three steps: what is wanted (on the event loop), one reading of the database (on
another thread), and handing out what was found (on the event loop again, where channels may have come and
gone meanwhile).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from threading import Lock
from typing import NamedTuple

from sqlalchemy.orm import Session

from service.api.streams.channel import Channel
from service.api.streams.messages import Message, message, owners_message
from service.store.event_horizon import Horizon
from service.store.event_queries import OwnersEvent, StoredEvent, events_behind, events_between

CHUNK = 500  # events of one read
MOST_KEYS = 20_000  # keys that one read goes over, whoever's events they are


class Stretch(NamedTuple):
    """Messages that follow on a place, and the place up to which there are no others."""

    messages: Sequence[Message]
    place: int


@dataclass(slots=True)
class SweepStories:
    """The channels of single sweeps, by the key of the sweep. A place is the number of an event."""

    channels: dict[int, Channel] = field(default_factory=dict)

    def wanted(self) -> Mapping[int, int]:
        """The place of each channel."""
        return {key: channel.place or 0 for key, channel in self.channels.items()}

    def read(self, session: Session, wanted: Mapping[int, int]) -> Sequence[StoredEvent]:
        """What is behind those places."""
        return events_behind(session, wanted, limit=CHUNK)

    def hand_out(self, _wanted: Mapping[int, int], found: Sequence[StoredEvent]) -> bool:
        """Publish what was found; whether there may be more at once."""
        for sweep, events in groupby(found, lambda event: event.sweep):
            channel = self.channels.get(sweep)
            if channel is not None:  # everybody may have left meanwhile
                known = channel.place or 0
                messages = [message(channel.name, e) for e in events if e.number > known]
                if messages:
                    channel.publish(messages, messages[-1].place)
        return len(found) == CHUNK

    def reread(self, session: Session, channel: Channel, place: int) -> Stretch:
        """The next messages behind a place, from the database."""
        found = events_behind(session, {channel.key: place}, limit=CHUNK)
        messages = [message(channel.name, event) for event in found]
        return Stretch(messages, messages[-1].place if messages else place)


@dataclass(frozen=True, slots=True)
class OwnersWanted:
    """Whose events, and behind which place; None: from now on."""

    owners: frozenset[int]
    after: int | None


@dataclass(frozen=True, slots=True)
class OwnersFound:
    """The events up to a place, and whether there may be more; no place: it isn't known yet what is."""

    events: Sequence[OwnersEvent] = ()
    place: int | None = None
    more: bool = False


@dataclass(slots=True)
class OwnerStories:
    """The channels of all sweeps of an owner, by the owner. A place is the key of an event, anybody's.

    All of them are read up to the same place, in one query.
    """

    channels: dict[int, Channel] = field(default_factory=dict)
    _horizon: Horizon = field(default_factory=Horizon)
    _place: int | None = None
    _looking: Lock = field(default_factory=Lock)  # a canceled tick's thread may still be reading

    def wanted(self) -> OwnersWanted:
        """The owners of the channels, and the place that they share."""
        if all(channel.place is None for channel in self.channels.values()):
            self._place = None  # whoever was watched before has gone; what came since is nobody's here
        return OwnersWanted(frozenset(self.channels), self._place)

    def read(self, session: Session, wanted: OwnersWanted) -> OwnersFound:
        """What is behind that place, as far as everything is there."""
        with self._looking:
            horizon = self._horizon.look(session)
        if horizon is None or wanted.after is None:
            return OwnersFound(place=horizon)
        return _between(session, wanted.owners, wanted.after, horizon)

    def hand_out(self, wanted: OwnersWanted, found: OwnersFound) -> bool:
        """Publish what was found; whether there may be more at once."""
        if found.place is None:
            return False
        messages: dict[int, list[Message]] = {}
        for event in found.events:
            messages.setdefault(event.owner, []).append(owners_message(event))
        for owner in wanted.owners & self.channels.keys():
            channel = self.channels[owner]
            news = messages.get(owner, ()) if channel.place is not None else ()
            channel.publish(news, found.place)
        self._place = found.place
        return found.more

    def reread(self, session: Session, channel: Channel, place: int) -> Stretch:
        """The next messages behind a place, from the database, as far as the channel itself has been read."""
        upto = place if channel.place is None else channel.place
        found = _between(session, {channel.key}, place, upto)
        return Stretch([owners_message(event) for event in found.events], found.place or place)


def _between(session: Session, owners: frozenset[int] | set[int], after: int, horizon: int) -> OwnersFound:
    upto = min(horizon, after + MOST_KEYS)
    events = events_between(session, owners, after, upto, limit=CHUNK)
    if len(events) == CHUNK:
        return OwnersFound(events, events[-1].key, more=True)
    return OwnersFound(events, max(after, upto), more=upto < horizon)
