"""Reading a sweep's answer: its runs' outcomes from the tables, ranked and put into words by planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Row, null, select
from sqlalchemy.orm import Session

from core.configuration import varied_part
from core.fields import RANGE_TEST
from service.errors import Fault, InvalidSubmission, NotFound
from service.planning.comparison import Comparison, compare
from service.planning.configurations import FUNCTION
from service.planning.headline_words import Context
from service.planning.measurements import ARRIVAL, public_name
from service.planning.outcomes import RunOutcome, SettingRuns
from service.planning.run_numbers import AT_THE_END
from service.planning.statistics import is_loss
from service.planning.statuses import Role, RunState
from service.planning.summary import Summary, summarize
from service.store.schema import ConfigurationRow, Run, Sweep
from service.store.screening_queries import screening_of

Outcomes = Sequence[Row[*tuple[Any, ...]]]

# By column, the quantity that it holds at the last epoch; a score has the name that the task gives it.
LAST = (
    "train_loss",
    "train_score",
    "validation_loss",
    "validation_score",
    "test_loss",
    "test_score",
    *AT_THE_END,
)


def sweep_version(session: Session, owner_id: int, public_id: str) -> tuple[int, int]:
    """What a sweep's answer stands for: the number of its last event, and how often its test was revealed.

    Whatever changes a run of a sweep is told as an event, so the number names the state of all its runs.

    Raises:
        NotFound: the owner has no such sweep.
    """
    found = session.execute(
        select(Sweep.event_count, Sweep.test_reveals).where(
            Sweep.public_id == public_id, Sweep.owner_id == owner_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {public_id}")
    return found.event_count, found.test_reveals


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
    rows, documents = _rows(session, sweep), _documents(session, sweep.id)
    settings = {
        key: {name: _hashable(value) for name, value in varied_part(document, sweep.varied).items()}
        for key, document in documents.items()
    }
    counts = sweep.split_counts
    names = [public_name(column, sweep.task) for column in LAST]
    summary = summarize(
        [_outcome(row, settings[row.configuration_id], names) for row in rows],
        group_by=tuple(sweep.varied) if group_by is None else group_by,
        metric=sweep.metric,
        goal=sweep.goal,  # type: ignore[arg-type]  # minimize or maximize: checked at submit
        task=sweep.task,
        method=sweep.method,
        resampled=bool(counts["resample"]),
        train_count=counts["train"],
        validation_count=counts["validation"],
        test_count=counts["test"],
        constant={name: float(value) for name, value in sweep.constant.items() if value is not None},
        rows_sd=lambda digest: _spread_over_rows(session, sweep, digest),
        looks=1 + sum(bool(step.get("seeds")) for step in sweep.extensions),
        test_reveals=sweep.test_reveals,
    )
    searched = {row.configuration_id for row in rows if row.role == Role.SEARCH}
    context = _context([documents[key] for key in sorted(searched)])
    if sweep.method == RANGE_TEST:
        context = replace(context, screening=screening_of(session, sweep).headline)
    return summary, context


def setting_comparison(
    session: Session, owner_id: int, public_id: str, first: str, second: str
) -> tuple[str, Comparison]:
    """The sweep's metric, and its first configuration compared with its second, each named by its hash.

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: the sweep has no such configuration, or the metric compares no runs of these two.
    """
    sweep = session.scalar(select(Sweep).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if sweep is None:
        raise NotFound(f"there is no sweep {public_id}")
    names = [public_name(column, sweep.task) for column in LAST]
    outcomes: dict[str, list[RunOutcome]] = {first: [], second: []}
    losses = set()
    for row in _rows(session, sweep, (first, second)):
        outcomes[row.hash].append(_outcome(row, {}, names))
        losses.add(row.loss)
    faults = [
        Fault(path, "is no configuration of this sweep", digest, "a configuration_hash of its summary")
        for path, digest in (("a", first), ("b", second))
        if not outcomes[digest]
    ]
    if not faults and len(losses) > 1 and is_loss(sweep.metric):
        what = f"{sweep.metric} cannot compare runs trained with different losses"
        faults = [Fault("b", what, ", ".join(sorted(losses)), "a configuration with the loss of a")]
    if faults:
        raise InvalidSubmission(faults)
    values = [SettingRuns({}, tuple(runs)).seed_values(sweep.metric) for runs in outcomes.values()]
    goal: Any = sweep.goal
    return sweep.metric, compare(values[0], values[-1], goal)


def _rows(session: Session, sweep: Sweep, hashes: Sequence[str] = ()) -> Outcomes:
    """What is small of each run; a function's also say where they ended."""
    arrival: Any = Run.metrics[ARRIVAL] if sweep.task == FUNCTION else null()
    statement = (
        select(
            Run.number,
            Run.seed,
            Run.state,
            Run.role,
            Run.collapsed,
            Run.configuration_id,
            ConfigurationRow.hash,
            ConfigurationRow.loss,
            arrival.label("arrival"),
            *(getattr(Run, column) for column in LAST),
        )
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(Run.sweep_id == sweep.id)
        .order_by(Run.number)
    )
    if hashes:
        statement = statement.where(ConfigurationRow.hash.in_(hashes), Run.role == Role.SEARCH)
    return session.execute(statement).all()


def _documents(session: Session, sweep_key: int) -> dict[int, Mapping[str, Any]]:
    """The sweep's configurations by key: read apart, because many runs share one."""
    used = select(Run.configuration_id).where(Run.sweep_id == sweep_key)
    found = select(ConfigurationRow.id, ConfigurationRow.document).where(ConfigurationRow.id.in_(used))
    return dict(session.execute(found).all())


def _outcome(row: Row[*tuple[Any, ...]], setting: Mapping[str, Any], names: Sequence[str]) -> RunOutcome:
    arrival = row.arrival or {}
    values = row[-len(names) :]
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
        metrics={name: value for name, value in zip(names, values, strict=True) if value is not None},
    )


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


def _spread_over_rows(session: Session, sweep: Sweep, digest: str) -> float | None:
    """Of one configuration the standard deviation, over the test rows, of each row's mean over the seeds.

    A row counts as right or wrong in a classification, and with its share of R2 in a regression.
    """
    test_count = sweep.split_counts["test"]
    found = session.scalars(
        select(Run.test_outcomes)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(
            Run.sweep_id == sweep.id,
            ConfigurationRow.hash == digest,
            Run.role == Role.SEARCH,
            Run.test_outcomes.is_not(None),
        )
        .order_by(Run.number)
    ).all()
    if test_count < 2 or not found:
        return None
    if sweep.task == "classification":
        runs = [np.unpackbits(np.frombuffer(each or b"", np.uint8), count=test_count) for each in found]
    else:
        runs = [np.frombuffer(each or b"", "<f4") for each in found]
    return float(np.mean(runs, axis=0, dtype=np.float64).std(ddof=1))


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
