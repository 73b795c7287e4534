"""What arrays of large sweeps are called; those that have no name here have that of a column of losses."""

from __future__ import annotations

from importlib.metadata import version

from sqlalchemy import ColumnElement, String, cast, literal

from service.store.schema import Gathered, Sweep

OUTCOMES = "outcomes"  # what each run came to
CONFIGURATIONS = "configurations"  # what these runs have
SUMMARY = "summary"  # how the names of summaries by all that varies begin


def summary_name(test_reveals: int) -> str:
    """The name says what a summary depends on beside events: another release may find other words."""
    return f"{_of_this_release()}{test_reveals}"


def names_the_summary() -> ColumnElement[bool]:
    """Whether a row of what was gathered is named as its sweep's summary is now."""
    return Gathered.name == literal(_of_this_release()) + cast(Sweep.test_reveals, String)


def _of_this_release() -> str:
    return f"{SUMMARY} text {version('backsweep')[:20]} "  # before, it was an array of its bytes
