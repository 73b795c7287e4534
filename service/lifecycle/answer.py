"""Which settings work, and how sure that is: the answer of a sweep as its runs stand now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from service.planning.headline import Context, headline, notes
from service.planning.measurements import SCORES
from service.planning.statuses import Role, RunState
from service.planning.summary import RunOutcome, Summary, summarize
from service.store.schema import ConfigurationRow, Run, Sweep


def answer(session: Session, sweep: Sweep, group_by: Sequence[str] | None = None) -> dict[str, object]:
    """The summary of a sweep as the API answers it, grouped by the parameters that vary by default.

    Raises:
        InvalidSubmission: `group_by` names what does not vary.
    """
    rows = session.execute(_outcomes(sweep)).all()
    outcomes = [_outcome(row, sweep) for row in rows]
    groups = tuple(sweep.varied if group_by is None else group_by)
    summary = _summarize(sweep, outcomes, groups, None)
    best = summary.best
    if best is not None and best.configuration_hash is not None and summary.test is not None:
        spread = {best.configuration_hash: _rows_sd(session, sweep, best.configuration_hash)}
        known = {name: value for name, value in spread.items() if value is not None}
        if known:
            summary = _summarize(sweep, outcomes, groups, known)
    documents = [row.document for row in rows if row.role == Role.SEARCH]
    sentence = headline(summary, _context(documents))
    return {"sweep": sweep.public_id, **summary.to_json(headline=sentence, notes=notes(summary))}


def _outcomes(sweep: Sweep) -> Any:
    return (
        select(
            Run.number,
            Run.seed,
            Run.state,
            Run.role,
            Run.collapsed,
            Run.train_loss,
            Run.train_score,
            Run.validation_loss,
            Run.validation_score,
            Run.test_loss,
            Run.test_score,
            Run.metrics,
            ConfigurationRow.hash,
            ConfigurationRow.document,
        )
        .join(ConfigurationRow, Run.configuration_id == ConfigurationRow.id)
        .where(Run.sweep_id == sweep.id)
        .order_by(Run.number)
    )


def _outcome(row: Row[Any], sweep: Sweep) -> RunOutcome:
    score = SCORES[sweep.task]
    metrics: dict[str, float | None] = {
        f"{part}_{kind if kind == 'loss' else score}": getattr(row, f"{part}_{kind}")
        for part in ("train", "validation", "test")
        for kind in ("loss", "score")
    }
    rmse = row.metrics.get("test_rmse", {}).get("last")
    if isinstance(rmse, float):
        metrics["test_rmse"] = rmse
    return RunOutcome(
        number=row.number,
        setting={name: _hashable(row.document.get(name)) for name in sweep.varied},
        configuration_hash=row.hash,
        seed=row.seed,
        state=RunState(row.state),
        collapsed=row.collapsed,
        role=Role(row.role),
        metrics=metrics,
    )


def _summarize(
    sweep: Sweep,
    outcomes: Sequence[RunOutcome],
    group_by: tuple[str, ...],
    rows_sd: Mapping[str, float] | None,
) -> Summary:
    counts = sweep.split_counts
    return summarize(
        outcomes,
        group_by=group_by,
        metric=sweep.metric,
        goal=cast("Literal['minimize', 'maximize']", sweep.goal),
        task=sweep.task,
        resampled=counts["resample"],
        train_count=counts["train"],
        validation_count=counts["validation"],
        test_count=counts["test"],
        constant=sweep.constant,
        rows_sd=rows_sd,
    )


def _rows_sd(session: Session, sweep: Sweep, configuration_hash: str) -> float | None:
    """The spread over the test rows of each row's mean over the seeds (rule R9)."""
    stored = session.scalars(
        select(Run.test_outcomes)
        .join(ConfigurationRow, Run.configuration_id == ConfigurationRow.id)
        .where(
            Run.sweep_id == sweep.id,
            Run.role == Role.SEARCH,
            ConfigurationRow.hash == configuration_hash,
            Run.test_outcomes.is_not(None),
        )
    ).all()
    rows = sweep.split_counts["test"]
    if not stored or rows < 2:
        return None
    if sweep.task == "classification":
        outcomes = [np.unpackbits(np.frombuffer(bits, np.uint8), count=rows) for bits in stored if bits]
    else:
        outcomes = [np.frombuffer(shares, "<f4") for shares in stored if shares]
    return float(np.mean(outcomes, axis=0, dtype=np.float64).std(ddof=1))


def _context(documents: Sequence[Mapping[str, Any]]) -> Context:
    """What all configurations of the search have in common, for the headline to name."""
    shared = {
        name: documents[0].get(name)
        for name in ("epochs", "batch_size", "optimizer", "loss")
        if all(document.get(name) == documents[0].get(name) for document in documents)
    }
    return Context(**shared)


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
