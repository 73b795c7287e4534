"""Runs that leave a final state train in new populations, where no late writer of the old ones finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from service.lifecycle.moves import Moved, move_runs
from service.planning.run_numbers import NO_NUMBERS
from service.planning.statuses import Cause, RunState
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import Checkpoint, LayerRow, LossRow, PopulationRow, Run, Sweep, Weights

RUNS_PER_STATEMENT = 5_000
GROUP = attrgetter("group")
NO_ENDING: dict[str, Any] = {
    "reason": None,
    "finished_at": None,
    "collapsed": False,
    "diverged_step": None,
    "diverged_tensor": None,
    "weights_sha256": None,
    "test_loss": None,
    "test_score": None,
    "test_outcomes": None,
    "reused_from_id": None,
}
NO_EPOCH: dict[str, Any] = {
    "epoch": 0,
    "metrics": {},
    "best_epoch": None,
    "train_loss": None,
    "train_score": None,
    "validation_loss": None,
    "validation_score": None,
    **NO_NUMBERS,
    "train_seconds": None,
    "environment_class": None,
    "started_at": None,
}


@dataclass(frozen=True, slots=True)
class Returning:
    """A run that is to train again."""

    run_id: int
    population_id: int  # the one it was in, whose runs all have one shape
    epoch: int  # of the checkpoint that it goes on from; 0: it begins again
    environment_class: str | None  # that computed the checkpoint

    @property
    def group(self) -> tuple[int, int, str]:
        """Runs that agree in this can train together."""
        return self.population_id, self.epoch, self.environment_class or ""


def return_runs(
    session: Session, cause: Cause, sweep_id: int, runs: Sequence[Returning]
) -> tuple[Moved, int]:
    """Queue runs again in new populations, no lease of which was lost; runs by state, and the populations.

    Runs stay together that were together: the populations that served the sweep's cache and workers once do
    so again. A run that goes on keeps what it recorded: epochs behind its checkpoint come to the same bits,
    and their rows stay as they are. One that begins again keeps nothing.
    """
    groups = [list(group) for _key, group in groupby(sorted(runs, key=GROUP), GROUP)]
    keys = _insert_populations(session, sweep_id, groups)
    moved: Moved = Moved()
    for key, group in zip(keys, groups, strict=True):
        begins = not group[0].epoch
        for chunk in _chunks([run.run_id for run in group]):
            if begins:
                for table in (Checkpoint, LossRow, LayerRow):
                    session.execute(delete(table).where(table.run_id.in_(chunk)))
            session.execute(delete(Weights).where(Weights.run_id.in_(chunk)))
            values = NO_ENDING | (NO_EPOCH if begins else {})
            moved += move_runs(
                session, cause, Run.id.in_(chunk), RunState.QUEUED, population_id=key, **values
            )
    return moved, len(groups)


def _insert_populations(
    session: Session, sweep_id: int, groups: Sequence[Sequence[Returning]]
) -> Sequence[int]:
    if not groups:
        return ()
    owner_id, created_at = session.execute(select(Sweep.owner_id, now()).where(Sweep.id == sweep_id)).one()
    rows = [
        {
            "public_id": new_id("p"),
            "sweep_id": sweep_id,
            "owner_id": owner_id,
            "epoch": group[0].epoch,
            "environment_class": group[0].environment_class if group[0].epoch else None,
            "created_at": created_at,
        }
        for group in groups
    ]
    statement = insert(PopulationRow).returning(PopulationRow.id, sort_by_parameter_order=True)
    return session.scalars(statement, rows).all()


def _chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), RUNS_PER_STATEMENT):
        yield keys[start : start + RUNS_PER_STATEMENT]
