"""A worker that goes home hands its population back at once; nobody has to wait for its lease to end."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.errors import LeaseLost
from service.lifecycle.claim import Claim
from service.lifecycle.story import tell
from service.planning.statuses import PopulationState, RunState
from service.store.schema import PopulationRow, Run


def give_back(session: Session, claim: Claim) -> None:
    """Queue a leased population again; this is no loss of a lease.

    Raises:
        LeaseLost: it is no longer this claim's to give.
    """
    returned = session.execute(
        update(PopulationRow)
        .where(
            PopulationRow.id == claim.population_id,
            PopulationRow.fencing_token == claim.fencing_token,
            PopulationRow.state == PopulationState.RUNNING,
        )
        .values(
            state=PopulationState.QUEUED,
            fencing_token=PopulationRow.fencing_token + 1,
            lease_owner=None,
            lease_expires_at=None,
        )
        .returning(PopulationRow.id)
    ).one_or_none()
    if returned is None:
        raise LeaseLost(f"population {claim.public_id} cannot be handed back: its lease is lost")
    moved = session.execute(
        update(Run)
        .where(Run.population_id == claim.population_id, Run.state == RunState.RUNNING)
        .values(state=RunState.QUEUED)
        .returning(Run.id)
    ).all()
    document = {"population": claim.public_id, "worker": claim.worker}
    tell(
        session,
        claim.sweep_id,
        "handed_back",
        document,
        moved={(RunState.RUNNING, RunState.QUEUED): len(moved)},
    )
