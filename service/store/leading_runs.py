"""Which run of a sweep has the best value so far, while there is no answer yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from core.configuration import varied_part
from service.planning.statuses import SweepState
from service.store.schema import ConfigurationRow, Run, Sweep


@dataclass(frozen=True, slots=True)
class LeadingRun:
    """The run, the part of its configuration that the sweep varies, and its best value of the metric."""

    public_id: str
    number: int
    setting: Mapping[str, Any]
    value: float


def leading_runs(session: Session, sweeps: Sequence[Sweep]) -> Mapping[int, LeadingRun]:
    """Those of the sweeps that are not final, by the sweeps' keys; a range test compares no runs."""
    asked = {
        (sweep.id, sweep.leading_number): sweep
        for sweep in sweeps
        if sweep.leading_value is not None
        and not SweepState(sweep.state).is_final
        and sweep.method != "range_test"
    }
    if not asked:
        return {}
    rows = session.execute(
        select(Run.sweep_id, Run.number, Run.public_id, ConfigurationRow.document)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(tuple_(Run.sweep_id, Run.number).in_(list(asked)))
    )
    found = {}
    for key, number, public_id, document in rows:
        sweep = asked[key, number]
        found[key] = LeadingRun(
            public_id, number, varied_part(document, sweep.varied), sweep.leading_value or 0.0
        )
    return found
