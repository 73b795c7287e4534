"""A lease is a right to write, and its fencing token is looked at in the statement that uses it."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Update, bindparam, select, update
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
    reached = {"epoch": epoch} if epoch else {}
    change_leased(session, claim, renewed_for=lease_seconds, **reached)


def intent_of(session: Session, sweep_id: int) -> Intent:
    """What the owner wants of a sweep: final for a unit that holds one of its populations."""
    return Intent(session.scalars(select(Sweep.intent).where(Sweep.id == sweep_id)).one())


def look(session: Session, claim: Claim) -> Intent:
    """What the owner wants of the claimed population's sweep; nothing is written.

    Raises:
        LeaseLost: the population is no longer this claim's.
    """
    intent = session.connection().scalar(_LOOK, _names(claim))
    if intent is None:
        raise _lost(claim)
    return Intent(intent)


def change_leased(session: Session, claim: Claim, *, renewed_for: float | None = None, **values: Any) -> None:
    """Change the claimed population, and renew its lease for so many seconds, if it is still this claim's.

    Raises:
        LeaseLost: it is not.
    """
    given = {**values, **_names(claim)}
    if renewed_for is not None:
        given["lease"] = round(renewed_for * 1000)
    statement = _changing(tuple(sorted(values)), renewed_for is not None)
    if session.connection().execute(statement, given).one_or_none() is None:
        raise _lost(claim)


# What only a holder finds: its population under its token.
_HELD: tuple[ColumnElement[bool], ...] = (
    PopulationRow.id == bindparam("held"),
    PopulationRow.fencing_token == bindparam("token"),
    PopulationRow.state == PopulationState.RUNNING,
)
# Statements are made once: building one takes longer than running it.
_LOOK = select(Sweep.intent).join(PopulationRow, PopulationRow.sweep_id == Sweep.id).where(*_HELD)


@cache
def _changing(names: tuple[str, ...], renews: bool) -> Update:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    if renews:
        values["lease_expires_at"] = now() + bindparam("lease")
    return update(PopulationRow).where(*_HELD).values(values).returning(PopulationRow.id)


def _names(claim: Claim) -> dict[str, int]:
    return {"held": claim.population_id, "token": claim.fencing_token}


def _lost(claim: Claim) -> LeaseLost:
    return LeaseLost(
        f"population {claim.public_id} is no longer leased to {claim.worker} "
        f"under fencing token {claim.fencing_token}"
    )
