"""What planning needs to know of the workers; a second old is new enough to divide runs by."""

from __future__ import annotations

from typing import NamedTuple

from service.lifecycle.calibrations import cache_budget
from service.lifecycle.momentary import Momentary
from service.lifecycle.workers import live_workers
from service.store.database import Database


class Fleet(NamedTuple):
    """How many workers there are, and how many bytes a population should have for them."""

    live_workers: int
    cache_budget: int


def fleet_of(database: Database) -> Fleet:
    """The workers of a database, as they were at most a second ago."""

    def read() -> Fleet:
        with database.read() as session:
            return Fleet(live_workers(session), cache_budget(session))

    return _FLEETS.get(database, None, read)


_FLEETS: Momentary[Fleet] = Momentary()
