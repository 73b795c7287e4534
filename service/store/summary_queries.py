"""Reading a sweep's answer: its runs' outcomes from the tables, ranked and put into words by planning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.configuration import varied_part
from core.fields import RANGE_TEST
from service.errors import NotFound
from service.planning.headline_words import Context
from service.planning.measurements import ARRIVAL, metric_kinds
from service.planning.outcomes import RunOutcome
from service.planning.statuses import Role, RunState
from service.planning.summary import Summary, summarize
from service.store.schema import ConfigurationRow, Run, Sweep
from service.store.screening_queries import screening_of

Outcomes = Sequence[Row[*tuple[Any, ...]]]


def sweep_summary(
    session: Session, owner_id: int, public_id: str, group_by: tuple[str, ...] | None = None
) -> tuple[Summary, Context]:
    """What a sweep says so far, per setting of the parameters `group_by` (None: all that vary).

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary.
    """
    sweep = session.scalar(select(Sweep).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if sweep is None:
        raise NotFound(f"there is no sweep {public_id}")
    rows, documents = _rows(session, sweep.id), _documents(session, sweep.id)
    settings = {
        key: {name: _hashable(value) for name, value in varied_part(document, sweep.varied).items()}
        for key, document in documents.items()
    }
    counts = sweep.split_counts
    summary = summarize(
        [_outcome(row, settings[row.configuration_id]) for row in rows],
        group_by=tuple(sweep.varied) if group_by is None else group_by,
        metric=sweep.metric,
        goal=sweep.goal,  # type: ignore[arg-type]  # minimize or maximize: checked at submit
        task=sweep.task,
        resampled=bool(counts["resample"]),
        train_count=counts["train"],
        validation_count=counts["validation"],
        test_count=counts["test"],
        constant={name: float(value) for name, value in sweep.constant.items() if value is not None},
        rows_sd=_spreads_over_rows(rows, sweep.task, counts["test"]),
    )
    searched = {row.configuration_id for row in rows if row.role == Role.SEARCH}
    context = _context([documents[key] for key in sorted(searched)])
    if sweep.method == RANGE_TEST:
        context = replace(context, screening=screening_of(session, sweep).headline)
    return summary, context


def _rows(session: Session, sweep_key: int) -> Outcomes:
    return session.execute(
        select(
            Run.number,
            Run.seed,
            Run.state,
            Run.role,
            Run.collapsed,
            Run.metrics,
            Run.test_outcomes,
            Run.configuration_id,
            ConfigurationRow.hash,
        )
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(Run.sweep_id == sweep_key)
        .order_by(Run.number)
    ).all()


def _documents(session: Session, sweep_key: int) -> dict[int, Mapping[str, Any]]:
    """The sweep's configurations by key: read apart, because many runs share one."""
    used = select(Run.configuration_id).where(Run.sweep_id == sweep_key)
    found = select(ConfigurationRow.id, ConfigurationRow.document).where(ConfigurationRow.id.in_(used))
    return dict(session.execute(found).all())


def _outcome(row: Row[*tuple[Any, ...]], setting: Mapping[str, Any]) -> RunOutcome:
    arrival = row.metrics.get(ARRIVAL, {})
    return RunOutcome(
        number=row.number,
        setting=setting,
        configuration_hash=row.hash,
        seed=row.seed,
        state=RunState(row.state),
        collapsed=row.collapsed,
        role=Role(row.role),
        converged=arrival.get("converged"),
        turns=arrival.get("turns", 0),
        metrics=_last_values(row.metrics),
    )


def _last_values(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {
        name: float(kinds["last"])  # the words NaN and Infinity, too
        for name, kinds in metric_kinds(metrics).items()
        if kinds.get("last") is not None
    }


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _spreads_over_rows(rows: Outcomes, task: str, test_count: int) -> dict[str, float]:
    """Per configuration the standard deviation, over the test rows, of each row's mean over the seeds.

    A row counts as right or wrong in a classification, and with its share of R2 in a regression.
    """
    contributions: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if row.test_outcomes is None or row.role != Role.SEARCH:
            continue
        if task == "classification":
            found = np.unpackbits(np.frombuffer(row.test_outcomes, np.uint8), count=test_count)
        else:
            found = np.frombuffer(row.test_outcomes, "<f4")
        contributions[row.hash].append(found)
    if test_count < 2:
        return {}
    return {
        digest: float(np.mean(runs, axis=0, dtype=np.float64).std(ddof=1))
        for digest, runs in contributions.items()
    }


def _context(documents: Sequence[Mapping[str, Any]]) -> Context:
    """What is the same in every configuration."""

    def common(name: str) -> Any:
        values = {str(document.get(name)) for document in documents}
        return documents[0].get(name) if len(values) == 1 else None

    return Context(
        epochs=common("epochs"),
        batch_size=common("batch_size"),
        optimizer=common("optimizer"),
        loss=common("loss"),
    )
