"""A worker's right to a verification: claimed, held and given up by its fencing token, as a population is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from service.errors import LeaseLost
from service.lifecycle.claim import ClaimedRun
from service.lifecycle.workers import ALIVE_SECONDS
from service.planning.verification import VerificationState
from service.store.clock import now
from service.store.schema import ConfigurationRow, Run, Sweep, Verification, Worker

FAIL_AFTER = 3  # leases lost in a row, as for a single run


@dataclass(frozen=True, slots=True)
class Expected:
    """How the run ended the first time."""

    state: str
    epoch: int
    weights_sha256: str | None
    diverged_step: int | None
    diverged_tensor: str | None
    environment_class: str | None
    numerics_version: int


@dataclass(frozen=True, slots=True)
class VerificationClaim:
    """A lease on a verification, with the run to train from its beginning."""

    verification_id: int
    public_id: str
    fencing_token: int
    worker: str
    sweep_id: int
    run: ClaimedRun
    expected: Expected


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification ends with."""

    state: VerificationState
    reason: str | None = None
    weights_sha256: str | None = None
    comparison: Mapping[str, Any] | None = None


def claim_verification(
    session: Session, *, worker: str, environment_class: str, lease_seconds: float
) -> VerificationClaim | None:
    """Claim the next queued verification: of the owner with the fewest running, then the oldest.

    A run goes to a worker of the environment class that trained it, for as long as one of that class lives:
    elsewhere other bits may come out. Returns None when there is none for this worker.
    """
    verification_id = session.scalar(_next(environment_class))
    if verification_id is None:
        return None
    moment = now()
    token = session.scalar(
        update(Verification)
        .where(Verification.id == verification_id, Verification.state == VerificationState.QUEUED)
        .values(
            state=VerificationState.RUNNING,
            fencing_token=Verification.fencing_token + 1,
            lease_owner=worker,
            lease_expires_at=moment + round(lease_seconds * 1000),
            environment_class=environment_class,
            started_at=func.coalesce(Verification.started_at, moment),
        )
        .returning(Verification.fencing_token)
    )
    return None if token is None else _claimed(session, verification_id, token, worker)


def hold_verification(session: Session, claim: VerificationClaim, *, lease_seconds: float) -> None:
    """Renew the lease, if it is still this claim's.

    Raises:
        LeaseLost: it is not.
    """
    _change(session, claim, lease_expires_at=now() + round(lease_seconds * 1000))


def give_verification_back(session: Session, claim: VerificationClaim) -> None:
    """Queue it again: the worker is to stop, and nothing is wrong.

    Raises:
        LeaseLost: the lease is no longer this claim's.
    """
    _change(
        session,
        claim,
        state=VerificationState.QUEUED,
        fencing_token=claim.fencing_token + 1,
        lease_owner=None,
        lease_expires_at=None,
    )


def end_verification(session: Session, claim: VerificationClaim, verdict: Verdict) -> None:
    """Write what came out.

    Raises:
        LeaseLost: the lease is no longer this claim's; nothing was written.
    """
    failed = verdict.state == VerificationState.FAILED
    matches = None if failed else verdict.state == VerificationState.MATCHES
    _change(
        session,
        claim,
        state=verdict.state,
        reason=verdict.reason,
        weights_sha256=verdict.weights_sha256,
        matches=matches,
        comparison=None if verdict.comparison is None else dict(verdict.comparison),
        lease_expires_at=None,
        finished_at=now(),
    )


def requeue_expired_verifications(session: Session) -> int:
    """Free every verification whose lease has expired; how many there were.

    One that was lost with its worker three times in a row fails with that reason, so that nothing is tried
    for ever.
    """
    return _free(session, Verification.lease_expires_at < now(), "its worker fell silent")


def requeue_lost_verifications(session: Session, worker: str, cause: str) -> int:
    """Free what is leased to a worker whose training process is gone; how many there were."""
    return _free(session, Verification.lease_owner == worker, cause)


def queued_verifications(session: Session) -> int:
    """How many verifications wait for a worker."""
    waiting = Verification.state == VerificationState.QUEUED
    return session.scalar(select(func.count()).select_from(Verification).where(waiting)) or 0


def _next(environment_class: str) -> Any:
    other = aliased(Verification)
    share = (
        select(func.count())
        .where(other.owner_id == Verification.owner_id, other.state == VerificationState.RUNNING)
        .scalar_subquery()
    )
    theirs = exists().where(
        Worker.environment_class == Run.environment_class,
        Worker.stopped_at.is_(None),
        Worker.last_seen_at >= now() - round(ALIVE_SECONDS * 1000),
    )
    return (
        select(Verification.id)
        .join(Run, Run.id == Verification.run_id)
        .where(
            Verification.state == VerificationState.QUEUED,
            Run.owner_id == Verification.owner_id,  # else it is being deleted
            or_(
                Run.environment_class == environment_class,
                Run.environment_class.is_(None),
                ~theirs.correlate(Run),
            ),
        )
        .order_by(share, Verification.created_at, Verification.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Verification)
    )


def _claimed(session: Session, verification_id: int, token: int, worker: str) -> VerificationClaim:
    public_id, run, document, numerics_version = session.execute(
        select(Verification.public_id, Run, ConfigurationRow.document, Sweep.numerics_version)
        .join(Run, Run.id == Verification.run_id)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Verification.id == verification_id)
    ).one()
    return VerificationClaim(
        verification_id=verification_id,
        public_id=public_id,
        fencing_token=token,
        worker=worker,
        sweep_id=run.sweep_id,
        run=ClaimedRun(run.id, run.number, run.seed, document, 0, run.epochs, {}, None),
        expected=Expected(
            state=run.state,
            epoch=run.epoch,
            weights_sha256=run.weights_sha256,
            diverged_step=run.diverged_step,
            diverged_tensor=run.diverged_tensor,
            environment_class=run.environment_class,
            numerics_version=numerics_version,
        ),
    )


def _change(session: Session, claim: VerificationClaim, **values: Any) -> None:
    held = session.scalar(
        update(Verification)
        .where(
            Verification.id == claim.verification_id,
            Verification.public_id == claim.public_id,  # SQLite gives the key of a deleted row out again
            Verification.fencing_token == claim.fencing_token,
            Verification.state == VerificationState.RUNNING,
        )
        .values(**values)
        .returning(Verification.id)
    )
    if held is None:
        raise LeaseLost(
            f"verification {claim.public_id} is no longer leased to {claim.worker} "
            f"under fencing token {claim.fencing_token}"
        )


def _free(session: Session, which: ColumnElement[bool], cause: str) -> int:
    lost = session.scalars(
        select(Verification)
        .where(Verification.state == VerificationState.RUNNING, which)
        .order_by(Verification.id)
        .with_for_update(skip_locked=True)
    ).all()
    for row in lost:
        row.fencing_token += 1  # the lost worker's verdict finds nothing
        row.leases_lost += 1
        row.lease_expires_at = None
        if row.leases_lost >= FAIL_AFTER:
            row.state = VerificationState.FAILED
            row.reason = f"lost with its worker {row.leases_lost} times (last: {row.lease_owner}: {cause})"
            row.finished_at = now()
        else:
            row.state, row.lease_owner = VerificationState.QUEUED, None
        session.flush()
    return len(lost)
