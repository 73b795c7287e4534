"""A worker that goes home hands its population back at once; nobody has to wait for its lease to end."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.lifecycle.lease import change_leased
from service.lifecycle.story import tell
from service.planning.statuses import PopulationState, RunState
from service.store.schema import Run


def give_back(session: Session, claim: Claim) -> None:
    """Queue a leased population again; this is no loss of a lease.

    Raises:
        LeaseLost: it is no longer this claim's to give.
    """
    change_leased(
        session,
        claim,
        state=PopulationState.QUEUED,
        fencing_token=claim.fencing_token + 1,
        lease_owner=None,
        lease_expires_at=None,
    )
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
