"""Reading how much there is to do and how fast it goes, from counts that are kept: no run is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from service.planning.statuses import PopulationState, RunState, SweepState
from service.store.clock import now
from service.store.schema import Event, PopulationRow, Sweep, Worker

WINDOW = 30_000  # milliseconds over which a speed is measured
MOST_EVENTS = 200  # of a sweep that are looked at for it


@dataclass(frozen=True, slots=True)
class Load:
    """What all processes of the service have to do, and what happened to their workers."""

    runs: Mapping[str, int]  # by state
    sweeps: Mapping[str, int]  # by state
    populations: Mapping[str, int]  # by state, those that are not finished
    oldest_queued_seconds: float  # since when the population waits that waits longest; 0 if none does
    epochs_per_second: float
    leases_lost: Mapping[str, int]  # by worker, ever
    handed_back: Mapping[str, int]  # by worker, ever


def load(session: Session, owner_id: int | None = None) -> Load:
    """The load at one moment: as many statements as fields, each by an index or over the table of sweeps.

    All owners' together, or that of one.
    """
    own = true() if owner_id is None else Sweep.owner_id == owner_id
    owned = true() if owner_id is None else PopulationRow.owner_id == owner_id
    states = [getattr(Sweep, f"{state.value}_count") for state in RunState]
    rows = session.execute(
        select(Sweep.state, func.count(), *(func.sum(column) for column in states))
        .where(own)
        .group_by(Sweep.state)
    ).all()
    sweeps = {row[0]: row[1] for row in rows}
    runs = [sum(int(row[2 + place] or 0) for row in rows) for place in range(len(states))]
    open_states = [state for state in PopulationState if state is not PopulationState.FINISHED]
    populations = session.execute(
        select(PopulationRow.state, func.count())
        .where(PopulationRow.state.in_(open_states), owned)
        .group_by(PopulationRow.state)
    )
    found = dict(populations.all())
    workers = session.execute(select(Worker.name, Worker.leases_lost, Worker.handed_back)).all()
    return Load(
        runs={state.value: count for state, count in zip(RunState, runs, strict=True)},
        sweeps={state.value: sweeps.get(state, 0) for state in SweepState},
        populations={state.value: found.get(state, 0) for state in open_states},
        oldest_queued_seconds=_oldest_queued(session, owned),
        epochs_per_second=epochs_per_second(session, own),
        leases_lost={row.name: row.leases_lost for row in workers},
        handed_back={row.name: row.handed_back for row in workers},
    )


def epochs_per_second(session: Session, own: ColumnElement[bool] | None = None) -> float:
    """Epochs of single runs, by the newest events of what is at work or has just ended."""
    whose = true() if own is None else own
    moment = session.scalars(select(now())).one()
    at_work = or_(Sweep.state == SweepState.RUNNING, Sweep.finished_at >= moment - WINDOW)
    rows = session.execute(
        select(Event.sweep_id, Event.at, Event.document["epochs_done"].as_integer())
        .join(Sweep, Sweep.id == Event.sweep_id)
        .where(whose, at_work, Event.number > Sweep.event_count - MOST_EVENTS)
        .order_by(Event.sweep_id, Event.number)
    )
    speed = 0.0
    for _sweep, events in groupby(rows, lambda row: row[0]):
        story = [(at, done) for _key, at, done in events]
        before = [event for event in story if event[0] < moment - WINDOW]
        since, done = before[-1] if before else story[0]
        milliseconds = min(max(moment - since, 1000), WINDOW)
        speed += max(0, story[-1][1] - done) * 1000 / milliseconds
    return speed


def _oldest_queued(session: Session, owned: ColumnElement[bool]) -> float:
    oldest = session.scalar(
        select(func.min(PopulationRow.created_at)).where(PopulationRow.state == PopulationState.QUEUED, owned)
    )
    if oldest is None:
        return 0.0
    return max(0, session.scalars(select(now())).one() - oldest) / 1000
