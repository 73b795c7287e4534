"""A run with more epochs has another configuration, and trains to what it would have been with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from core.configuration import Configuration
from service.errors import Conflict
from service.lifecycle.create import chunks, keep_configurations
from service.lifecycle.going_on import Rows, go_on, keep_checkpoints, metrics_to_go_on_with
from service.lifecycle.owned_sweep import OwnedSweep, take_sweep
from service.lifecycle.plan import SweepPlan
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.return_runs import Returning, return_runs
from service.lifecycle.story import tell
from service.planning.expansion import PlannedRun
from service.planning.statuses import RUN_STEPS, Cause, Role, RunState, epochs_settled
from service.store.schema import ConfigurationRow, Run, Sweep


def train_on(
    session: Session, owner_id: int, public_id: str, plan: SweepPlan, step: Mapping[str, Any]
) -> int:
    """Give every run of a final sweep the epochs of the plan; how many workers are to be rung.

    A run that went through all of its epochs goes on from its last state, or begins again where that was not
    kept: it comes to the bits that it had, and then to those of the epochs that are new. One that ended
    earlier would have ended so with any number of epochs, and only its configuration is another. Failed and
    canceled runs wait for a retry, and keep their checkpoints for it.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: some of its runs are not final.
    """
    sweep = take_sweep(session, owner_id, public_id)
    extensions = session.scalars(select(Sweep.extensions).where(Sweep.id == sweep.id)).one()
    if extensions and extensions[-1] == step:  # by this request, whose answer was lost, or by its twin
        return 0
    if not sweep.state.is_final:
        raise Conflict(
            f"sweep {public_id} is {sweep.state.value}; only a completed, canceled or failed one can be "
            "given more epochs"
        )
    epochs, rows = int(step["epochs"]), _rows(session, sweep)
    again = [row for row in rows if RunState(row.state) in RUN_STEPS[Cause.EXTEND].before]
    again = [row for row in again if row.epoch == row.epochs]
    configurations = _configurations(session, plan, rows)
    going_on = metrics_to_go_on_with(session, sweep.id, again, configurations, epochs)
    _change_configurations(session, plan, rows, configurations, epochs)
    go_on(session, going_on, again, configurations, epochs)
    keep_checkpoints(session, rows, epochs)
    returning = [
        Returning(row.id, row.population_id, row.epoch, row.environment_class)
        if row.id in going_on
        else Returning(row.id, row.population_id, 0, None)
        for row in again
    ]
    moved, populations = return_runs(session, Cause.EXTEND, sweep.id, returning)
    begun = {row.id for row in again}
    before = sum(epochs_settled(RunState(row.state), row.epoch, row.epochs) for row in rows)
    after = sum(epochs_settled(RunState(row.state), row.epoch, epochs) for row in rows if row.id not in begun)
    after += sum(row.epoch for row in again if row.id in going_on)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep.id)
        .values(
            intent=sweep.intent_once_open,
            extensions=[*extensions, step],
            epochs_total=len(rows) * epochs,
            planned_bytes=planned_bytes(plan),
            headline=None,  # it names the epochs
            best_result=None,
        )
    )
    document = {
        "asked": step,
        "runs": len(again),
        "from_last_state": len(going_on),
        "populations": populations,
    }
    tell(session, sweep.id, "extended", document, moved=moved, epochs=after - before)
    return populations


def _rows(session: Session, sweep: OwnedSweep) -> Rows:
    return session.execute(
        select(
            Run.id,
            Run.number,
            Run.seed,
            Run.role,
            Run.state,
            Run.epoch,
            Run.epochs,
            Run.population_id,
            Run.configuration_id,
            Run.environment_class,
        )
        .where(Run.sweep_id == sweep.id)
        .order_by(Run.id)
    ).all()


def _configurations(session: Session, plan: SweepPlan, rows: Rows) -> Mapping[int, Configuration]:
    """The configurations as they are, by their keys."""
    found: dict[int, Configuration] = {}
    for used in chunks(sorted({row.configuration_id for row in rows})):
        documents = session.execute(
            select(ConfigurationRow.id, ConfigurationRow.document).where(ConfigurationRow.id.in_(used))
        )
        found.update((key, plan.rules.resolve(document)) for key, document in documents)
    return found


def _change_configurations(
    session: Session,
    plan: SweepPlan,
    rows: Rows,
    before: Mapping[int, Configuration],
    epochs: int,
) -> None:
    configurations = {key: replace(each, epochs=epochs) for key, each in before.items()}
    keys = keep_configurations(session, [plan])
    session.connection().execute(
        update(Run)
        .where(Run.id == bindparam("run"))
        .values({name: bindparam(name) for name in ("configuration_id", "epochs", "identity_sha256")}),
        [
            {
                "run": row.id,
                "configuration_id": keys[plan.hashes[configuration]],
                "epochs": epochs,
                "identity_sha256": plan.identity(
                    PlannedRun(row.number, configuration, row.seed, Role(row.role))
                ),
            }
            for row in rows
            for configuration in [configurations[row.configuration_id]]
        ],
    )
