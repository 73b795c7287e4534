"""A large sweep's numbers are gathered once it is final, so that each question about it reads few rows."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import Session

from service.lifecycle.keep_headline import FINAL
from service.lifecycle.remove import removed_owner
from service.planning.configurations import FUNCTION
from service.store.database import Database
from service.store.gathered_names import CONFIGURATIONS, OUTCOMES, SUMMARY, names_the_summary
from service.store.schema import Gathered, Sweep

MANY_RUNS = 2_000  # a summary of as many is quick without
MANY_EPOCHS = 50_000  # and so are curves of runs with as many together


def gather_large(database: Database, *, stops: Callable[[], bool] = lambda: False) -> int:
    """Gather the numbers of one final sweep that has many, and none gathered that hold; how many were kept.

    If there is none, the summary of one is worked out again whose test was revealed since, or whose summary
    is of another release. A million loss rows take some 5 s, so `stops` is asked in between. They are read
    outside the transaction that writes: on SQLite that one keeps everybody waiting.
    """
    return _gather_all(database, stops) or _summarize_again(database)


def _gather_all(database: Database, stops: Callable[[], bool]) -> int:
    with database.read() as session:
        sweep = session.scalar(_large(session).where(~_holds(Gathered.name == CONFIGURATIONS)).limit(1))
        if sweep is None:
            return 0
        # NumPy is loaded by whoever needs it: a worker's main process does without as long as it can.
        from service.store.gathered import Arrays, keep_gathered
        from service.store.gathering import gather_curves
        from service.store.outcome_queries import run_columns
        from service.store.summary_queries import summary_to_keep
        from service.store.sweep_configurations import configuration_arrays

        curves = gather_curves(session, sweep.id, stops=stops)
        if curves is None:
            return 0
        outcomes, _none = run_columns(session, sweep)
        found: dict[str, Arrays | bytes] = {
            OUTCOMES: outcomes,
            CONFIGURATIONS: configuration_arrays(session, sweep),
            **summary_to_keep(session, sweep),
            **curves,
        }
    return database.run(lambda writing: int(keep_gathered(writing, sweep.id, sweep.event_count, found)))


def _summarize_again(database: Database) -> int:
    with database.read() as session:
        outdated = _holds(Gathered.name == CONFIGURATIONS), ~_holds(names_the_summary())
        sweep = session.scalar(_large(session).where(*outdated).limit(1))
        if sweep is None:
            return 0
        from service.store.gathered import keep_gathered
        from service.store.summary_queries import summary_to_keep

        found = summary_to_keep(session, sweep)
    return database.run(
        lambda writing: int(keep_gathered(writing, sweep.id, sweep.event_count, found, begins=SUMMARY))
    )


def _large(session: Session) -> Select[Sweep]:
    return select(Sweep).where(
        Sweep.state.in_(FINAL),
        Sweep.task != FUNCTION,
        Sweep.owner_id.is_distinct_from(removed_owner(session)),
        or_(Sweep.all_count >= MANY_RUNS, Sweep.epochs_done >= MANY_EPOCHS),
    )


def _holds(named: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether something of this name was gathered since the sweep's last event."""
    return exists().where(Gathered.sweep_id == Sweep.id, Gathered.event_count == Sweep.event_count, named)
