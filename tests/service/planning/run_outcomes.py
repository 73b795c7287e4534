"""What single runs came to, and the table of them that planning works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from service.planning.outcome_table import OutcomeTable, Setting, codes_of
from service.planning.statuses import Role, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What one run came to; for its parts see `OutcomeTable`."""

    number: int
    setting: Setting
    configuration_hash: str
    seed: int
    state: RunState
    collapsed: bool = False
    converged: bool | None = None
    turns: int = 0
    role: Role = Role.SEARCH
    metrics: Mapping[str, float | None] = field(default_factory=dict)


def table_of(outcomes: Iterable[RunOutcome]) -> OutcomeTable:
    """The table of single outcomes."""
    rows = sorted(outcomes, key=lambda outcome: outcome.number)
    known: dict[tuple[str, str], int] = {}
    settings: list[Setting] = []
    places = []
    for row in rows:
        key = (row.configuration_hash, repr(sorted(row.setting.items())))
        if key not in known:
            known[key] = len(known)
            settings.append(row.setting)
        places.append(known[key])
    names = dict.fromkeys(name for row in rows for name in row.metrics)
    return OutcomeTable(
        np.array([row.seed for row in rows], dtype=np.int64),
        codes_of([row.state for row in rows]),
        np.array([row.collapsed for row in rows], dtype=bool),
        np.array(places, dtype=np.intp),
        [digest for digest, _setting in known],
        settings,
        {name: np.array([row.metrics.get(name) for row in rows], dtype=np.float64) for name in names},
        np.array([row.role == Role.LINEAR for row in rows], dtype=bool),
        [row.converged for row in rows],
        np.array([row.turns for row in rows], dtype=np.int64),
    )
