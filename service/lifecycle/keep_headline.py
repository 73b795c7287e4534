"""A final sweep's headline is kept with it, so that lists of sweeps need no statistics."""

from __future__ import annotations

from sqlalchemy import select, update

from service.planning.statuses import SweepState
from service.store.database import Database
from service.store.schema import Sweep

FINAL = [state for state in SweepState if state.is_final]
AT_ONCE = 20  # sweeps


def keep_headlines(database: Database) -> int:
    """Word and keep the headlines of final sweeps that have none yet; how many there were.

    The statistics are done outside the transaction that writes: on SQLite that one keeps everybody waiting.
    """
    with database.read() as session:
        found = session.execute(
            select(Sweep.id, Sweep.owner_id, Sweep.public_id)
            .where(Sweep.state.in_(FINAL), Sweep.headline.is_(None))
            .limit(AT_ONCE)
        ).all()
        if not found:
            return 0
        # Statistics load NumPy, which a worker's main process does without as long as it can.
        from service.planning.headline import headline
        from service.store.summary_queries import sweep_summary

        sentences = {
            key: headline(*sweep_summary(session, owner_id, public_id)) for key, owner_id, public_id in found
        }
    for key, sentence in sentences.items():
        with database.write() as session:
            session.execute(
                update(Sweep).where(Sweep.id == key, Sweep.state.in_(FINAL)).values(headline=sentence)
            )
    return len(sentences)
