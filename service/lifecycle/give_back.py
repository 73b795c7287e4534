"""A worker that goes home, or is told to pause, hands its population back at once; no lease has to end."""

from __future__ import annotations

from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.lifecycle.lease import change_leased, intent_of
from service.lifecycle.moves import move_populations, move_runs
from service.lifecycle.story import tell
from service.lifecycle.workers import worker_handed_back
from service.planning.statuses import Cause, PopulationState, RunState, held_back
from service.store.schema import PopulationRow, Run


def give_back(session: Session, claim: Claim) -> None:
    """Queue a leased population again, or hold it back in a sweep that is to pause; no loss of a lease.

    Raises:
        LeaseLost: it is no longer this claim's to give.
    """
    change_leased(
        session, claim, fencing_token=claim.fencing_token + 1, lease_owner=None, lease_expires_at=None
    )
    # Read behind the lock on the population: a pause or a resume in between has happened or must wait.
    paused = held_back(intent_of(session, claim.sweep_id))
    move_populations(
        session,
        Cause.RELEASE,
        PopulationRow.id == claim.population_id,
        PopulationState.PAUSED if paused else PopulationState.QUEUED,
    )
    moved = move_runs(
        session,
        Cause.RELEASE,
        Run.population_id == claim.population_id,
        RunState.PAUSED if paused else RunState.QUEUED,
    )
    document = {"population": claim.public_id, "worker": claim.worker}
    tell(session, claim.sweep_id, "handed_back", document, moved=moved)
    worker_handed_back(session, claim.worker)
