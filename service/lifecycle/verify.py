"""A person asks whether a run comes out again: a verification is queued, and a worker trains it alone."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.version import NUMERICS_VERSION
from service.errors import Conflict, NotFound
from service.planning.statuses import RunState
from service.planning.verification import VerificationState
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import Run, Sweep, Verification

VERIFIABLE = (RunState.COMPLETED, RunState.DIVERGED)  # what ended by the mathematics alone
MOST_WAITING = 100  # verifications of one owner that have not ended


def verify_run(session: Session, owner_id: int, public_id: str) -> str:
    """Queue a verification of a run; its public id. The caller rings once this is committed.

    Raises:
        NotFound: the owner has no such run.
        Conflict: the run has not ended, or not by itself; other arithmetic trained it; too many wait already.
    """
    found = session.execute(
        select(Run.id, Run.state, Sweep.numerics_version)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Run.public_id == public_id, Run.owner_id == owner_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no run {public_id}")
    run_id, state, numerics_version = found
    if state not in VERIFIABLE:
        raise Conflict(
            f"run {public_id} is {state}: only one that completed or diverged has an end to be compared with"
        )
    if numerics_version != NUMERICS_VERSION:
        raise Conflict(other_numerics(numerics_version))
    waiting = session.scalar(
        select(func.count())
        .select_from(Verification)
        .where(
            Verification.owner_id == owner_id,
            Verification.state.in_((VerificationState.QUEUED, VerificationState.RUNNING)),
        )
    )
    if (waiting or 0) >= MOST_WAITING:
        raise Conflict(f"{waiting} verifications have not ended; at most {MOST_WAITING} may wait at a time")
    row = Verification(public_id=new_id("v"), run_id=run_id, owner_id=owner_id, created_at=now())
    session.add(row)
    session.flush()
    return row.public_id


def other_numerics(trained: int) -> str:
    """Why bits cannot be compared across versions of the arithmetic."""
    return (
        f"the run was trained by numerics version {trained}, and this is version {NUMERICS_VERSION}: "
        "other bits would come out, and say nothing"
    )
