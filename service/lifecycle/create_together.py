"""Any number of new sweeps is written with the same few statements.

What a statement costs beside its rows is, for a sweep of one run, most of what it takes to store it. Eleven
statements, most of them through the ORM, took 8 ms of a core; of sixteen together each takes 0.2 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from service.lifecycle.create import Text, chunks, keep_configurations, run_row, sweep_row
from service.lifecycle.limits import Limits
from service.lifecycle.plan import SweepPlan
from service.lifecycle.story import tell_created
from service.planning.statuses import Intent, RunState, SweepState
from service.store.bulk import insert_mappings
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import PopulationRow, Run, Sweep
from service.store.sweep_queries import SweepView

_CLOCK = select(now())
# Made once: building a statement takes longer than running it.
_KEYS = {
    table: select(table.public_id, table.id).where(table.public_id.in_(bindparam("names", expanding=True)))
    for table in (Sweep, PopulationRow)
}
# What a new sweep has in these columns, by the inserts' defaults in the row, and so in the object.
_NOTHING_YET = {
    **{f"{state.value}_count": 0 for state in RunState if state != RunState.QUEUED},
    "intent": Intent.RUN,
    "state": SweepState.QUEUED,
    "extensions": (),
    "epochs_done": 0,
    "test_reveals": 0,
    "headline": None,
    "best_result": None,
    "started_at": None,
    "finished_at": None,
}
_ON_REQUEST = ("preprocessing", "split")


@dataclass(frozen=True, slots=True)
class Creation:
    """A planned sweep that is to be stored, none of whose runs is answered by another."""

    owner_id: int
    plan: SweepPlan
    text: Text
    idempotency_key: str | None
    limits: Limits | None = None  # of the key that submits it


def create_sweeps(session: Session, creations: Sequence[Creation]) -> list[SweepView]:
    """Write planned sweeps with their configurations, populations and runs.

    The sweeps in what is returned belong to no session: they are the rows as they were written, without what
    is read on request. Whether their owners have room for them must have been asked before.
    """
    moment = session.scalars(_CLOCK).one()
    datasets = [each.plan.subject.keep(session, each.owner_id) for each in creations]
    rows = [
        {
            **sweep_row(each.owner_id, each.plan, each.text, each.idempotency_key),
            "dataset_id": None if dataset is None else dataset[0],
            "event_count": 1,
            "created_at": moment,
        }
        for each, dataset in zip(creations, datasets, strict=True)
    ]
    keys = _insert(session, Sweep, rows)
    sweeps = [_as_written(key, row) for key, row in zip(keys, rows, strict=True)]
    planned = [(sweep, each.plan) for sweep, each in zip(sweeps, creations, strict=True)]
    _write_runs(session, planned, moment)
    tell_created(
        session,
        [(sweep, {"runs": sweep.run_count, "populations": len(plan.populations)}) for sweep, plan in planned],
    )
    return [
        SweepView(sweep, None if dataset is None else dataset[1], moment)
        for sweep, dataset in zip(sweeps, datasets, strict=True)
    ]


def _as_written(key: int, row: dict[str, Any]) -> Sweep:
    # Not by the constructor, which keeps a history of each of fifty attributes for a session it never sees.
    sweep = Sweep()
    sweep.__dict__.update(_NOTHING_YET, id=key, **row)
    for name in _ON_REQUEST:
        del sweep.__dict__[name]
    return sweep


def _write_runs(session: Session, sweeps: Sequence[tuple[Sweep, SweepPlan]], moment: int) -> None:
    configurations = keep_configurations(session, [plan for _, plan in sweeps])
    rows = [
        {"public_id": new_id("p"), "sweep_id": sweep.id, "owner_id": sweep.owner_id, "created_at": moment}
        for sweep, plan in sweeps
        for _ in plan.populations
    ]
    populations = _insert(session, PopulationRow, rows)
    members = ((sweep, plan, positions) for sweep, plan in sweeps for positions in plan.populations)
    runs = [
        run_row(sweep, plan, position, configurations, population)
        for population, (sweep, plan, positions) in zip(populations, members, strict=True)
        for position in positions
    ]
    insert_mappings(session, Run, runs)


def _insert(
    session: Session, table: type[Sweep | PopulationRow], rows: Sequence[dict[str, Any]]
) -> list[int]:
    """Write rows that have public identifiers; their keys, in the same order."""
    insert_mappings(session, table, rows)
    names = [row["public_id"] for row in rows]
    keys: dict[str, int] = {}
    for some in chunks(names):
        keys.update((name, key) for name, key in session.connection().execute(_KEYS[table], {"names": some}))
    return [keys[name] for name in names]
