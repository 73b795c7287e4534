"""What tests of extensions share: to ask for more, to work, and to compare with a sweep submitted at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from service.lifecycle.extend import extend_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted
from service.store.layer_queries import find_layers
from service.store.schema import ConfigurationRow, LossRow, Run, Sweep, Weights
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]


def extend(context: Context, sweep: str, **asked: Any) -> int:
    """Ask for more of a sweep, as its owner."""
    return extend_sweep(
        context.database,
        owner_id=context.database.run(local_owner),
        public_id=sweep,
        body=json.dumps(asked).encode(),
        max_runs=1_000,
    )


def work(context: Context) -> None:
    """Train all that is queued."""
    while execute_next(context):
        pass


def sweep_row(context: Context, public_id: str) -> Sweep:
    """The sweep as it is stored."""
    with context.database.read() as session:
        return session.scalars(select(Sweep).where(Sweep.public_id == public_id)).one()


def results(context: Context, public_id: str) -> dict[tuple[str, int, str], tuple[Any, ...]]:
    """All that a run is, by what was asked for: configuration, seed and role."""
    with context.database.read() as session:
        rows = session.execute(
            select(Run, ConfigurationRow.hash)
            .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
            .join(Sweep, Sweep.id == Run.sweep_id)
            .where(Sweep.public_id == public_id)
        ).all()
        found = {}
        for run, digest in rows:
            losses = session.execute(
                select(*LossRow.__table__.columns.values()[1:])
                .where(LossRow.run_id == run.id)
                .order_by(LossRow.epoch)
            ).all()
            weights = session.scalars(select(Weights.content).where(Weights.run_id == run.id)).all()
            layers = find_layers(session, run.owner_id, run.public_id)
            found[digest, run.seed, run.role] = (
                run.state,
                run.reason,
                run.epoch,
                run.epochs,
                run.weights_sha256,
                run.identity_sha256,
                run.metrics,
                run.test_outcomes,
                [tuple(row) for row in losses],
                weights,
                (layers.epochs, str(layers.values.tolist())),  # in a text, NaN is NaN
            )
        assert len(found) == len(rows)  # no run twice
        return found


def equals_one_submitted_at_once(context: Context, submitted: Submit, sweep: str, **changes: Any) -> None:
    """Train the sweep and one that is submitted with these changes to their ends, and compare all of them."""
    work(context)
    at_once = submitted(**changes).public_id
    work(context)
    assert results(context, sweep) == results(context, at_once)
    extended, other = sweep_row(context, sweep), sweep_row(context, at_once)
    for name in (
        "state",
        "run_count",
        "all_count",
        "completed_count",
        "epochs_total",
        "epochs_done",
        "seeds",
        "varied",
        "constant",
        "headline",
    ):
        assert getattr(extended, name) == getattr(other, name), name
    assert extended.epochs_done == extended.epochs_total
