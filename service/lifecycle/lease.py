"""A lease is a right to write, and its fencing token is looked at in the statement that uses it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from service.errors import LeaseLost
from service.lifecycle.claim import Claim
from service.planning.statuses import Intent, PopulationState
from service.store.clock import now
from service.store.schema import PopulationRow, Sweep


def hold(session: Session, claim: Claim, *, lease_seconds: float, epoch: int = 0) -> None:
    """Renew the lease, if it is still this claim's: the first statement of every write of a worker.

    The token alone decides: a holder that was only slow keeps its work.

    Raises:
        LeaseLost: another claim, a cancellation or a requeue came in between.
    """
    expires_at = now() + round(lease_seconds * 1000)
    change_leased(session, claim, lease_expires_at=expires_at, epoch=epoch or PopulationRow.epoch)


def intent_of(session: Session, sweep_id: int) -> Intent:
    """What the owner wants of a sweep: final for a unit that holds one of its populations."""
    return Intent(session.scalars(select(Sweep.intent).where(Sweep.id == sweep_id)).one())


def look(session: Session, claim: Claim) -> Intent:
    """What the owner wants of the claimed population's sweep; nothing is written.

    Raises:
        LeaseLost: the population is no longer this claim's.
    """
    intent = session.scalar(
        select(Sweep.intent).join(PopulationRow, PopulationRow.sweep_id == Sweep.id).where(*_held_by(claim))
    )
    if intent is None:
        raise _lost(claim)
    return Intent(intent)


def change_leased(session: Session, claim: Claim, **values: Any) -> None:
    """Change the claimed population, if it is still this claim's.

    Raises:
        LeaseLost: it is not.
    """
    held = session.execute(
        update(PopulationRow).where(*_held_by(claim)).values(**values).returning(PopulationRow.id)
    ).one_or_none()
    if held is None:
        raise _lost(claim)


def _held_by(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        PopulationRow.id == claim.population_id,
        PopulationRow.fencing_token == claim.fencing_token,
        PopulationRow.state == PopulationState.RUNNING,
    )


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(
        f"population {claim.public_id} is no longer leased to {claim.worker} "
        f"under fencing token {claim.fencing_token}"
    )
