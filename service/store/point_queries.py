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
    arrival: Any = Run.metrics[ARRIVAL] if sweep.task == FUNCTION else null()
    statement = (
        select(
            Run.public_id, Run.number, Run.seed, Run.configuration_id, Run.state, Run.epoch,
            getattr(Run, _column(sweep.metric)).label("value"), Run.collapsed, arrival.label("arrival"),
        )
        .where(Run.sweep_id == sweep_id, Run.role == Role.SEARCH, Run.number > after)
        .order_by(Run.number)
        .limit(limit)
    )  # fmt: skip
    places: dict[int, int] = {}
    rows = [
        (
            row.public_id, row.number, row.seed, places.setdefault(row.configuration_id, len(places)),
            row.state, row.epoch, row.value, row.collapsed, (row.arrival or {}).get("converged"),
        )
        for row in session.execute(statement)
    ]  # fmt: skip
    return RunPoints(sweep.metric, [settings[key] for key in places], rows)


def _column(metric: str) -> str:
    for score in SCORES.values():
        metric = metric.replace(score, "score")
    return metric
