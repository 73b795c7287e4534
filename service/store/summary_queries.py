"""Reading a sweep's answer: its runs' outcomes from the tables, ranked and put into words by planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configuration import varied_part
from core.fields import RANGE_TEST
from service.errors import Fault, InvalidSubmission, NotFound
from service.planning.comparison import Comparison, compare
from service.planning.configurations import FUNCTION
from service.planning.headline import headline, notes
from service.planning.headline_words import Context
from service.planning.importance import Importance, importance
from service.planning.measurements import ARRIVAL, public_name
from service.planning.outcome_table import STATES, OutcomeTable, codes_of
from service.planning.outcomes import gather
from service.planning.run_numbers import AT_THE_END
from service.planning.statistics import Sampling, is_loss
from service.planning.statuses import Role, SweepState
from service.planning.summary import Summary, summarize
from service.store.gathered import Arrays, find_gathered
from service.store.gathered_names import OUTCOMES, summary_name
from service.store.schema import ConfigurationRow, Run, Sweep
from service.store.screening_queries import screening_of
from service.store.sweep_configurations import all_configurations

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
    if sweep is not None and group_by in (None, tuple(sweep.varied)):
        kept = find_gathered(session, sweep.id, summary_name(sweep.test_reveals))
        if kept is not None:
            return kept["text"].tobytes()
    found, context = sweep_summary(session, owner_id, public_id, group_by)
    document = found.to_json(headline=headline(found, context), notes=notes(found))
    return to_json({"sweep": public_id, **document}, inf_nan_mode="strings")


def summary_arrays(session: Session, sweep: Sweep) -> Mapping[str, Arrays]:
    """What `summary_text` finds of a sweep when it is gathered, under its name."""
    text = summary_text(session, sweep.owner_id, sweep.public_id)
    return {summary_name(sweep.test_reveals): {"text": np.frombuffer(text, np.uint8)}}


def sweep_summary(
    session: Session, owner_id: int, public_id: str, group_by: tuple[str, ...] | None = None
) -> tuple[Summary, Context]:
    """What a sweep says so far, per setting of the parameters `group_by` (None: all that vary).

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary.
    """
    sweep = _sweep(session, owner_id, public_id)
    table, documents = _outcomes(session, sweep)
    counts = sweep.split_counts
    summary = summarize(
        table,
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
    table, _documents = _outcomes(session, sweep)
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
    table, documents = _outcomes(session, sweep, (first, second))
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


def _outcomes(
    session: Session, sweep: Sweep, hashes: Sequence[str] = ()
) -> tuple[OutcomeTable, Sequence[Mapping[str, Any]]]:
    """A sweep's runs as columns, or those of the search with these configurations, and the configurations."""
    columns = None if hashes else find_gathered(session, sweep.id, OUTCOMES)
    if columns is None or columns["names"].tolist() != list(STATES):
        columns, arrivals = run_columns(session, sweep, hashes)
    else:
        arrivals = None
    distinct, places = _in_order(columns["configurations"].tolist())
    configurations = all_configurations(session, sweep.id, hashes)
    found = [configurations[key] for key in distinct]
    table = OutcomeTable(
        columns["seeds"],
        columns["states"],
        columns["collapsed"],
        places,
        [digest for digest, _document in found],
        [_setting(document, sweep.varied) for _digest, document in found],
        {public_name(name, sweep.task): columns[name] for name in LAST if name in columns},
        columns["linear"],
        None if arrivals is None else [each.get("converged") for each in arrivals],
        None if arrivals is None else np.array([each.get("turns", 0) for each in arrivals], dtype=np.int64),
    )
    return table, [document for _digest, document in found]


def run_columns(
    session: Session, sweep: Sweep, hashes: Sequence[str] = ()
) -> tuple[Arrays, Sequence[Mapping[str, Any]] | None]:
    """A sweep's runs by their numbers, column by column, and where those over a function have ended.

    Rows become columns without becoming objects in between, which took a second for 12,000 of them.
    """
    is_function = sweep.task == FUNCTION
    statement = (
        select(
            Run.configuration_id,
            Run.seed,
            Run.state,
            Run.role,
            Run.collapsed,
            *(getattr(Run, column) for column in LAST),
            *([Run.metrics[ARRIVAL]] if is_function else ()),
        )
        .where(Run.sweep_id == sweep.id)
        .order_by(Run.number)
    )
    if hashes:
        named = select(ConfigurationRow.id).where(ConfigurationRow.hash.in_(hashes))
        statement = statement.where(Run.configuration_id.in_(named), Run.role == Role.SEARCH)
    # By the connection: a session would look at each row once more.
    rows = session.connection().execute(statement).all()
    width = len(LAST) + 5
    keys, seeds, states, roles, collapsed, *numbers = zip(*rows, strict=True) if rows else [()] * width
    arrivals = [each or {} for each in numbers[-1]] if is_function and rows else None
    return {
        "configurations": np.array(keys, dtype=np.int64),
        "seeds": np.array(seeds, dtype=np.int64),
        "states": codes_of(states),
        "names": np.array(STATES),
        "collapsed": np.array(collapsed, dtype=bool),
        "linear": np.array([role == Role.LINEAR for role in roles], dtype=bool),
        **{
            name: np.array(column, dtype=np.float64)
            for name, column in zip(LAST, numbers, strict=False)
            if any(value is not None for value in column)
        },
    }, arrivals


def _in_order(keys: Sequence[int]) -> tuple[Sequence[int], NDArray[np.intp]]:
    """The distinct keys as they first come, and for each key its place among them."""
    known: dict[int, int] = {}
    places = [known.setdefault(key, len(known)) for key in keys]
    return list(known), np.array(places, dtype=np.intp)


def _setting(document: Mapping[str, Any], varied: Sequence[str]) -> Mapping[str, Any]:
    return {name: _hashable(value) for name, value in varied_part(document, varied).items()}


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value


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
        values = {str(document.get(name)) for document in documents}
        return documents[0].get(name) if len(values) == 1 else None

    return Context(
        epochs=common("epochs"),
        batch_size=common("batch_size"),
        optimizer=common("optimizer"),
        loss=common("loss"),
    )
