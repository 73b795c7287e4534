"""What charts need of many runs at once: little more than each run's setting and its metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import null, select
from sqlalchemy.orm import Session

from service.planning.configurations import FUNCTION
from service.planning.measurements import ARRIVAL, SCORES
from service.planning.statuses import Role
from service.store.curve_queries import find_settings
from service.store.raw_rows import raw_rows
from service.store.schema import Run, Sweep

# Of each row of `RunPoints`; `setting` is a place in its settings.
POINT_COLUMNS = ("run", "number", "seed", "setting", "state", "epoch", "value", "collapsed", "converged")


@dataclass(frozen=True, slots=True)
class RunPoints:
    """Runs of a sweep's search in the order of their numbers, and the settings that occur among them."""

    metric: str
    settings: Sequence[Mapping[str, object]]
    rows: Sequence[tuple[Any, ...]]  # by POINT_COLUMNS; a value is None where there is none that is finite


def run_points(session: Session, owner_id: int, public_id: str, *, after: int, limit: int) -> RunPoints:
    """At most `limit` runs with numbers above `after`, each with its last value of the sweep's metric.

    Raises:
        NotFound: the owner has no such sweep.
    """
    sweep_id, settings, _epochs = find_settings(session, owner_id, public_id, None)
    sweep = session.execute(select(Sweep.metric, Sweep.task).where(Sweep.id == sweep_id)).one()
    is_function = sweep.task == FUNCTION
    arrival: Any = Run.metrics[ARRIVAL] if is_function else null()
    statement = (
        select(
            Run.public_id, Run.number, Run.seed, Run.configuration_id, Run.state, Run.epoch,
            getattr(Run, _column(sweep.metric)), Run.collapsed, arrival.label("arrival"),
        )
        .where(Run.sweep_id == sweep_id, Run.role == Role.SEARCH, Run.number > after)
        .order_by(Run.number)
        .limit(limit)
    )  # fmt: skip
    found = session.execute(statement) if is_function else raw_rows(session, statement)
    places: dict[int, int] = {}
    rows = [
        (
            run, number, seed, places.setdefault(key, len(places)),
            state, epoch, value, bool(collapsed), (arrived or {}).get("converged"),
        )
        for run, number, seed, key, state, epoch, value, collapsed, arrived in found
    ]  # fmt: skip
    return RunPoints(sweep.metric, [settings[key] for key in places], rows)


def _column(metric: str) -> str:
    for score in SCORES.values():
        metric = metric.replace(score, "score")
    return metric
