"""A sweep's counts, its state and its numbered events change together, under the sweep's row lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, insert, update
from sqlalchemy.orm import Session

from service.planning.statuses import Intent, RunState, SweepState, sweep_state
from service.store.bulk import insert_mappings
from service.store.clock import now
from service.store.schema import Event, Sweep


def tell(
    session: Session,
    sweep_id: int,
    kind: str,
    document: Mapping[str, Any] | None = None,
    *,
    moved: Mapping[tuple[RunState, RunState], int] | None = None,
    epochs: int = 0,
) -> SweepState:
    """Add an event to a sweep's story and bring its counts and state up to date.

    `moved` counts runs by (state before, state after); `epochs` is added to the epochs done.
    Call it last in a transaction: every unit locks populations, then runs, then the sweep.
    """
    session.flush()  # what a session has pending was told before, and this goes around it
    connection = session.connection()
    added = {f"more_{state.value}": delta for state, delta in _deltas(moved or {}).items()}
    row = connection.execute(_COUNT, {**_NO_CHANGE, **added, "sweep": sweep_id, "epochs": epochs}).one()
    number, intent, before, done, total, *found = row
    counts = dict(zip(RunState, found, strict=True))
    state = sweep_state(counts, Intent(intent))
    if state != before:
        _enter(session, sweep_id, state)
    connection.execute(
        _TELL,
        {
            "sweep_id": sweep_id,
            "number": number,
            "kind": kind,
            "document": {
                **(document or {}),
                "state": state.value,
                "counts": {name.value: count for name, count in counts.items() if count},
                "epochs_done": done,
                "epochs_total": total,
            },
        },
    )
    return state


# Made once: building a statement takes longer than running it.
_COUNTS = [getattr(Sweep, f"{state.value}_count") for state in RunState]
_NO_CHANGE = {f"more_{state.value}": 0 for state in RunState}
_COUNT = (
    update(Sweep)
    .where(Sweep.id == bindparam("sweep"))
    .values(
        {count.key: count + bindparam(change) for count, change in zip(_COUNTS, _NO_CHANGE, strict=True)}
        | {
            "event_count": Sweep.event_count + 1,
            "epochs_done": Sweep.epochs_done + bindparam("epochs"),
        }
    )
    .returning(Sweep.event_count, Sweep.intent, Sweep.state, Sweep.epochs_done, Sweep.epochs_total, *_COUNTS)
)
_TELL = insert(Event).values(
    {name: bindparam(name) for name in ("sweep_id", "number", "kind", "document")} | {"at": now()}
)


def tell_created(session: Session, sweeps: Sequence[tuple[Sweep, Mapping[str, Any]]]) -> None:
    """Write the first event of sweeps whose rows were written in this transaction, with `event_count` 1."""
    rows = [
        {
            "sweep_id": sweep.id,
            "number": 1,
            "at": sweep.created_at,
            "kind": "created",
            "document": {
                **document,
                "state": SweepState.QUEUED.value,
                "counts": {RunState.QUEUED.value: sweep.queued_count},
                "epochs_done": 0,
                "epochs_total": sweep.epochs_total,
            },
        }
        for sweep, document in sweeps
    ]
    insert_mappings(session, Event, rows)


def _deltas(moved: Mapping[tuple[RunState, RunState], int]) -> dict[RunState, int]:
    deltas: dict[RunState, int] = {}
    for (before, after), count in moved.items():
        deltas[before] = deltas.get(before, 0) - count
        deltas[after] = deltas.get(after, 0) + count
    return {state: delta for state, delta in deltas.items() if delta}


def _enter(session: Session, sweep_id: int, state: SweepState) -> None:
    moment = now()
    waits = state in (SweepState.QUEUED, SweepState.PAUSED)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(
            state=state,
            started_at=Sweep.started_at if waits else func.coalesce(Sweep.started_at, moment),
            finished_at=moment if state.is_final else None,
            headline=None,  # of what the sweep said when it was final the last time
            best_result=None,
        )
    )
