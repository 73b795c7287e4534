"""Reading what the runs of a sweep came to, as columns: from what was gathered of it, or row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configuration import varied_part
from service.planning.configurations import FUNCTION
from service.planning.measurements import ARRIVAL, public_name
from service.planning.outcome_table import STATES, OutcomeTable, codes_of
from service.planning.run_numbers import AT_THE_END
from service.planning.statuses import Role
from service.store.gathered import Arrays, find_gathered
from service.store.gathered_names import OUTCOMES
from service.store.raw_rows import raw_rows
from service.store.schema import ConfigurationRow, Run, Sweep
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


def outcomes_of(
    session: Session, sweep: Sweep, hashes: Sequence[str] = ()
) -> tuple[OutcomeTable, Sequence[Mapping[str, Any]]]:
    """A sweep's runs as columns, or those of the search with these configurations, and the configurations."""
    columns = None if hashes else find_gathered(session, sweep.id, OUTCOMES)
    if columns is None or columns["names"].tolist() != list(STATES):
        columns, arrivals = run_columns(session, sweep, hashes)
    else:
        arrivals = None
    distinct, places = _in_order(columns["configurations"])
    configurations = all_configurations(session, sweep.id, hashes)
    found = [configurations[key] for key in distinct]
    table = OutcomeTable(
        columns["seeds"],
        columns["states"],
        columns["collapsed"],
        places,
        [digest for digest, _document in found],
        _settings((document for _digest, document in found), sweep.varied),
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
    rows = session.connection().execute(statement).all() if is_function else raw_rows(session, statement)
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


def _in_order(keys: NDArray[np.int64]) -> tuple[Sequence[int], NDArray[np.intp]]:
    """The distinct keys as they first come, and for each key its place among them."""
    distinct, firsts, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(firsts)
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return distinct[order].tolist(), places[inverse]


def _settings(
    documents: Iterable[Mapping[str, Any]], varied: Sequence[str]
) -> Sequence[Mapping[str, object]]:
    """What varies in each configuration; a field that it leaves out has its neutral value."""
    neutral = varied_part({}, varied).items()
    return [{name: _hashable(document.get(name, value)) for name, value in neutral} for document in documents]


def _hashable(value: Any) -> Any:
    return tuple(_hashable(item) for item in value) if isinstance(value, list) else value
