"""What an owner asks of a sweep begins here: the sweep is found, held still, and may refuse."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.planning.statuses import SWEEP_ALLOWS, Cause, Intent, SweepState
from service.store.schema import PopulationRow, Sweep


@dataclass(frozen=True, slots=True)
class OwnedSweep:
    """A sweep that nobody else changes until the end of the transaction."""

    id: int
    public_id: str
    state: SweepState
    intent: Intent

    @property
    def intent_once_open(self) -> Intent:
        """The intent when there is work again: a final sweep's was for work that is over."""
        return Intent.RUN if self.state.is_final else self.intent


def take_sweep(session: Session, owner_id: int, public_id: str) -> OwnedSweep:
    """Find an owner's sweep and lock its populations: no worker claims, records or hands back meanwhile.

    Every unit locks populations, then runs, then the sweep. Requests lock all populations, so that two of
    them follow one another. A half that was split off while this waited is not locked, but every statement
    that comes after this one sees it.

    Raises:
        NotFound: the owner has no such sweep.
    """
    key = session.scalar(select(Sweep.id).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if key is None:
        raise NotFound(f"there is no sweep {public_id}")
    session.execute(
        select(PopulationRow.id)
        .where(PopulationRow.sweep_id == key)
        .order_by(PopulationRow.id)
        .with_for_update()
    ).all()
    row = session.execute(select(Sweep.state, Sweep.intent).where(Sweep.id == key)).one()
    return OwnedSweep(key, public_id, SweepState(row.state), Intent(row.intent))


def require_allowed(sweep: OwnedSweep, cause: Cause, done: str) -> None:
    """Refuse what the sweep's state does not allow; `done` says what it cannot be, as in "paused".

    Raises:
        Conflict: with the state and those that allow it.
    """
    allowed = SWEEP_ALLOWS[cause]
    if sweep.state not in allowed:
        # In the order in which a sweep passes through them.
        *others, last = (state.value for state in SweepState if state in allowed)
        raise Conflict(
            f"sweep {sweep.public_id} is {sweep.state.value}; "
            f"only a {', '.join(others)} or {last} one can be {done}"
        )
