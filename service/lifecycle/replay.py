"""An epoch that is trained again must come out as it was stored; where it does not, its run says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.planning.measurements import COLUMNS, Measurement, decode, json_number, non_finite_code
from service.store.schema import LossRow, Run

ROWS_PER_STATEMENT = 500


def note_replays(
    session: Session, claim: Claim, measurements: Sequence[Measurement], reached: Mapping[int, int]
) -> None:
    """Compare what was measured again with the stored losses, and write each run's first difference down.

    `reached` is the last epoch recorded of each run: only up to there can a row be stored. The stored losses
    stay as they are.
    """
    again = [each for each in measurements if each.epoch <= reached.get(each.run_id, 0)]
    differing: dict[int, dict[str, Any]] = {}
    for start in range(0, len(again), ROWS_PER_STATEMENT):
        chunk = again[start : start + ROWS_PER_STATEMENT]
        stored = _stored(session, chunk)
        for each in chunk:
            before = stored.get((each.run_id, each.epoch))
            if before is not None and each.run_id not in differing and (found := _difference(before, each)):
                differing[each.run_id] = {"epoch": each.epoch, **found, "worker": claim.worker}
    for run_id, found in differing.items():
        session.execute(update(Run).where(Run.id == run_id, Run.replay.is_(None)).values(replay=found))


def _stored(
    session: Session, measurements: Sequence[Measurement]
) -> dict[tuple[int, int], list[float | None]]:
    keys = [(each.run_id, each.epoch) for each in measurements]
    rows = session.execute(
        select(*LossRow.__table__.columns).where(tuple_(LossRow.run_id, LossRow.epoch).in_(keys))
    )
    return {(row.run_id, row.epoch): decode(row._asdict()) for row in rows}


def _difference(stored: Sequence[float | None], again: Measurement) -> dict[str, Any] | None:
    """The first column that differs, with both values in JSON's form."""
    for column, before, after in zip(COLUMNS, stored, again.values, strict=True):
        if before != after and not (non_finite_code(before) == non_finite_code(after) != 0):
            return {"column": column, "stored": json_number(before), "again": json_number(after)}
    return None
