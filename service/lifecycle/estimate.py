"""How long the workers that are there would take for a planned sweep."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from core.fields import RANGE_TEST
from service.lifecycle.calibrations import live_calibrations
from service.lifecycle.plan import SweepPlan
from service.lifecycle.reuse import find_originals, share_out
from service.planning.configurations import FUNCTION
from service.planning.estimate import OTHER_UPDATES, UPDATES, Speed, Work, together


class Outlook(NamedTuple):
    """What is to be done for a planned sweep, and how long that takes."""

    reused: int  # runs
    populations: int
    seconds: float | None


def outlook(session: Session, owner_id: int, plan: SweepPlan) -> Outlook:
    """What a submit would do now."""
    left, answered = share_out(plan, find_originals(session, owner_id, plan))
    return Outlook(len(answered.originals), len(left.populations), estimated_seconds(session, left))


def estimated_seconds(session: Session, plan: SweepPlan) -> float | None:
    """Seconds from the first claim to the last record; None while no live worker has measured its machine."""
    speeds = [Speed.of(each) for each in live_calibrations(session)]
    return together([_work(plan, members) for members in plan.populations], speeds) if speeds else None


def _work(plan: SweepPlan, members: tuple[int, ...]) -> Work:
    lead = plan.runs[members[0]].configuration
    parameters = plan.subject.parameter_count(lead)
    if plan.subject.task == FUNCTION:  # a step is a few operations on arrays of runs, as a layer is
        return Work(len(members), lead.epochs, 1, 2, parameters, 1, 0)
    counts = plan.subject.columns()["split_counts"]
    batch = counts["train"] if lead.batch_size == "full" else min(int(lead.batch_size), counts["train"])
    tested = lead.learning_rate_schedule == RANGE_TEST
    return Work(
        runs=len(members),
        epochs=lead.epochs,
        steps=1 if tested else -(-counts["train"] // batch),
        layers=len(lead.hidden_layers) + 1,
        parameters=parameters,
        batch=batch,
        validation=0 if tested else counts["validation"] // lead.validate_every,
        update=UPDATES.get(lead.optimizer, OTHER_UPDATES),
    )
