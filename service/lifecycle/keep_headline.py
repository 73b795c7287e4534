"""A final sweep keeps its headline and best result, so that lists of sweeps need no statistics."""

from __future__ import annotations

from sqlalchemy import and_, or_, select, update

from service.errors import NotFound
from service.planning.statuses import SweepState
from service.store.database import Database
from service.store.schema import Sweep

FINAL = [state for state in SweepState if state.is_final]
AT_ONCE = 20  # sweeps
MISSING = or_(
    Sweep.headline.is_(None),
    # An earlier release kept only the headline; that of a deleted sweep is empty.
    and_(Sweep.best_result.is_(None), Sweep.headline != ""),
)


def keep_headlines(database: Database) -> int:
    """Work out and keep the answers of final sweeps that have none yet; how many there were.

    The statistics are done outside the transaction that writes: on SQLite that one keeps everybody waiting.
    """
    with database.read() as session:
        found = session.execute(
            select(Sweep.id, Sweep.owner_id, Sweep.public_id, Sweep.event_count)
            .where(Sweep.state.in_(FINAL), MISSING)
            .order_by(Sweep.headline.is_(None).desc(), Sweep.id.desc())
            .limit(AT_ONCE)
        ).all()
        if not found:
            return 0
        # Statistics load NumPy, which a worker's main process does without as long as it can.
        from service.planning.headline import headline
        from service.store.best_results import find_best_result
        from service.store.summary_queries import sweep_summary

        answers = {}
        for key, owner_id, public_id, count in found:
            try:
                summary, context = sweep_summary(session, owner_id, public_id)
                best = find_best_result(session, owner_id, public_id, summary, context)
            except NotFound:  # deleted meanwhile
                continue
            answers[key, owner_id, count] = {"headline": headline(summary, context), "best_result": best}
    for (key, owner_id, count), answer in answers.items():
        # Only of what was looked at: an extension may have added runs, and the sweep be final again.
        standing = Sweep.id == key, Sweep.owner_id == owner_id, Sweep.event_count == count
        with database.write() as session:
            session.execute(update(Sweep).where(*standing, Sweep.state.in_(FINAL)).values(answer))
    return len(answers)
