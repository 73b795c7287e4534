"""Reading a sweep's answer: its runs' outcomes from the tables, ranked and put into words by planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.fields import RANGE_TEST
from service.errors import Fault, InvalidSubmission, NotFound
from service.planning.comparison import Comparison, compare
from service.planning.headline import headline, notes
from service.planning.headline_words import Context
from service.planning.importance import Importance, importance
from service.planning.outcomes import gather
from service.planning.statistics import Sampling, is_loss
from service.planning.statuses import Role, SweepState
from service.planning.summary import Summary, summarize
from service.store.gathered import find_gathered_bytes
from service.store.gathered_names import summary_name
from service.store.outcome_queries import outcomes_of
from service.store.schema import ConfigurationRow, Run, Sweep
from service.store.screening_queries import screening_of


class SweepVersion(NamedTuple):
    """What a sweep's answer stands for.

    Whatever changes a run of a sweep is told as an event, so the last one's number names the state of all.
    """

    last_event: int
    test_reveals: int
    is_final: bool


def sweep_version(session: Session, owner_id: int, public_id: str) -> SweepVersion:
    """The version that answers about a sweep have now.

    Raises:
        NotFound: the owner has no such sweep.
    """
    found = session.execute(
        select(Sweep.event_count, Sweep.test_reveals, Sweep.state).where(
            Sweep.public_id == public_id, Sweep.owner_id == owner_id
        )
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {public_id}")
    return SweepVersion(found.event_count, found.test_reveals, SweepState(found.state).is_final)


def summary_text(
    session: Session, owner_id: int, public_id: str, group_by: tuple[str, ...] | None = None
) -> bytes:
    """A sweep's answer as JSON: by all that varies as it was gathered, if that holds, else worked out.

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary.
    """
    sweep = session.scalar(select(Sweep).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if sweep is not None and (group_by is None or set(group_by) == set(sweep.varied)):
        kept = find_gathered_bytes(session, sweep.id, summary_name(sweep.test_reveals))
        if kept is not None:
            return kept
    found, context = sweep_summary(session, owner_id, public_id, group_by)
    document = found.to_json(headline=headline(found, context), notes=notes(found))
    return to_json({"sweep": public_id, **document}, inf_nan_mode="strings")


def summary_to_keep(session: Session, sweep: Sweep) -> Mapping[str, bytes]:
    """What `summary_text` finds of a sweep when it is gathered, under its name."""
    return {summary_name(sweep.test_reveals): summary_text(session, sweep.owner_id, sweep.public_id)}


def sweep_summary(
    session: Session, owner_id: int, public_id: str, group_by: tuple[str, ...] | None = None
) -> tuple[Summary, Context]:
    """What a sweep says so far, per setting of the parameters `group_by` (None: all that vary).

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary.
    """
    sweep = _sweep(session, owner_id, public_id)
    table, documents = outcomes_of(session, sweep)
    counts = sweep.split_counts
    summary = summarize(
        table,
        group_by=_in_order_of(sweep.varied, group_by),
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
    searched = np.unique(table.configurations[~table.linear]).tolist()
    context = _context([documents[place] for place in searched])
    if sweep.method == RANGE_TEST:
        context = replace(context, screening=screening_of(session, sweep).headline)
    return summary, context


def sweep_importance(session: Session, owner_id: int, public_id: str) -> tuple[str, Importance]:
    """A sweep's metric, and what each of its parameters explains of it.

    Raises:
        NotFound: the owner has no such sweep.
    """
    sweep = _sweep(session, owner_id, public_id)
    table, _documents = outcomes_of(session, sweep)
    counts = sweep.split_counts
    sampling = Sampling(bool(counts["resample"]), counts["train"], counts["validation"])
    goal: Any = sweep.goal
    return sweep.metric, importance(table, metric=sweep.metric, goal=goal, sampling=sampling)


def setting_comparison(
    session: Session, owner_id: int, public_id: str, first: str, second: str
) -> tuple[str, Comparison]:
    """The sweep's metric, and its first configuration compared with its second, each named by its hash.

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: the sweep has no such configuration, or the metric compares no runs of these two.
    """
    sweep = _sweep(session, owner_id, public_id)
    table, documents = outcomes_of(session, sweep, (first, second))
    known = [table.hashes.index(digest) if digest in table.hashes else None for digest in (first, second)]
    losses = {document["loss"] for document in documents if "loss" in document}
    faults = [
        Fault(path, "is no configuration of this sweep", digest, "a configuration_hash of its summary")
        for path, digest, place in zip(("a", "b"), (first, second), known, strict=True)
        if place is None
    ]
    if not faults and len(losses) > 1 and is_loss(sweep.metric):
        what = f"{sweep.metric} cannot compare runs trained with different losses"
        faults = [Fault("b", what, ", ".join(sorted(losses)), "a configuration with the loss of a")]
    if faults:
        raise InvalidSubmission(faults)
    values = [
        gather(table.only(table.configurations == place), ()).seed_values(0, sweep.metric) for place in known
    ]
    goal: Any = sweep.goal
    return sweep.metric, compare(values[0], values[-1], goal)


def _sweep(session: Session, owner_id: int, public_id: str) -> Sweep:
    sweep = session.scalar(select(Sweep).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if sweep is None:
        raise NotFound(f"there is no sweep {public_id}")
    return sweep


def _in_order_of(varied: Sequence[str], names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The names in the order of the sweep, so that another order is no other question; strangers last."""
    if names is None:
        return tuple(varied)
    return tuple(
        sorted(dict.fromkeys(names), key=lambda name: varied.index(name) if name in varied else len(varied))
    )


def _spread_over_rows(session: Session, sweep: Sweep, digest: str) -> float | None:
    """Of one configuration the standard deviation, over the test rows, of each row's mean over the seeds.

    A row counts as right or wrong in a classification, and with its share of R2 in a regression.
    """
    test_count = sweep.split_counts["test"]
    configuration = select(ConfigurationRow.id).where(ConfigurationRow.hash == digest).scalar_subquery()
    found = session.scalars(
        select(Run.test_outcomes)
        .where(
            Run.configuration_id == configuration,
            Run.sweep_id + 0 == sweep.id,  # not looked up: a large sweep has a thousand times as many runs
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
        values = {document.get(name) for document in documents}
        return documents[0].get(name) if len(values) == 1 else None

    return Context(
        epochs=common("epochs"),
        batch_size=common("batch_size"),
        optimizer=common("optimizer"),
        loss=common("loss"),
    )
