"""A large sweep's numbers are gathered once it is final, so that each question about it reads few rows."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import exists, or_, select

from service.lifecycle.keep_headline import FINAL
from service.lifecycle.remove import removed_owner
from service.planning.configurations import FUNCTION
from service.store.database import Database
from service.store.schema import Gathered, Sweep

MANY_RUNS = 2_000  # a summary of as many is quick without
MANY_EPOCHS = 50_000  # and so are curves of runs with as many together


def gather_large(database: Database, *, stops: Callable[[], bool] = lambda: False) -> int:
    """Gather the numbers of one final sweep that has many, and none gathered that hold; how many were kept.

    A million loss rows take some 5 s, so `stops` is asked in between. They are read outside the transaction
    that writes: on SQLite that one keeps everybody waiting.
    """
    holding = exists().where(Gathered.sweep_id == Sweep.id, Gathered.event_count == Sweep.event_count)
    with database.read() as session:
        sweep = session.scalar(
            select(Sweep)
            .where(
                Sweep.state.in_(FINAL),
                Sweep.task != FUNCTION,
                Sweep.owner_id.is_distinct_from(removed_owner(session)),
                or_(Sweep.all_count >= MANY_RUNS, Sweep.epochs_done >= MANY_EPOCHS),
                ~holding,
            )
            .limit(1)
        )
        if sweep is None:
            return 0
        # NumPy is loaded by whoever needs it: a worker's main process does without as long as it can.
        from service.store.gathered import OUTCOMES, SUMMARY, keep_gathered
        from service.store.gathering import gather_curves
        from service.store.summary_queries import run_columns, summary_arrays

        curves = gather_curves(session, sweep.id, stops=stops)
        if curves is None:
            return 0
        outcomes, _none = run_columns(session, sweep)
        found = {OUTCOMES: outcomes, SUMMARY: summary_arrays(session, sweep), **curves}
    return database.run(lambda writing: int(keep_gathered(writing, sweep.id, sweep.event_count, found)))
