"""A sweep's counts, its state and its numbered events change together, under the sweep's row lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.orm import Session

from service.planning.statuses import Intent, RunState, SweepState, sweep_state
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
    deltas = _deltas(moved or {})
    columns = {f"{state.value}_count": getattr(Sweep, f"{state.value}_count") for state in RunState}
    changes: dict[str, Any] = {
        f"{state.value}_count": columns[f"{state.value}_count"] + delta for state, delta in deltas.items()
    }
    changes["event_count"] = Sweep.event_count + 1
    changes["epochs_done"] = Sweep.epochs_done + epochs
    row = session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(changes)
        .returning(
            Sweep.event_count,
            Sweep.intent,
            Sweep.state,
            Sweep.epochs_done,
            Sweep.epochs_total,
            *columns.values(),
        )
    ).one()
    counts = {state: getattr(row, f"{state.value}_count") for state in RunState}
    state = sweep_state(counts, Intent(row.intent))
    if state != row.state:
        _enter(session, sweep_id, state)
    session.execute(
        insert(Event).values(
            sweep_id=sweep_id,
            number=row.event_count,
            at=now(),
            kind=kind,
            document={
                **(document or {}),
                "state": state.value,
                "counts": {name.value: count for name, count in counts.items() if count},
                "epochs_done": row.epochs_done,
                "epochs_total": row.epochs_total,
            },
        )
    )
    return state


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
        )
    )
