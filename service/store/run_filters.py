"""Where the quantities that people filter and sort runs by stand in the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, cast, func, select
from sqlalchemy import Double as Float64
from sqlalchemy.orm import InstrumentedAttribute, aliased

from core.fields import FIELDS
from service.planning.measurements import SCORES
from service.planning.query.tree import Quantity, Tree
from service.store.conditions import Column, Found, condition
from service.store.dialects import member, number_at, text_at
from service.store.schema import ConfigurationRow, Dataset, PopulationRow, Run, Sweep

Beside = tuple[Any, ColumnElement[bool]]  # a table to join to the runs, and on what
_Original = aliased(Run)
# What several keys of an order stand beside is joined to the runs once.
_Configuration, _Sweep, _Dataset = aliased(ConfigurationRow), aliased(Sweep), aliased(Dataset)
_Population, _Reused = aliased(PopulationRow), aliased(Run)
_OF_CONFIGURATION: Beside = (_Configuration, _Configuration.id == Run.configuration_id)
_OF_SWEEP: Beside = (_Sweep, _Sweep.id == Run.sweep_id)
_OF_DATASET: Beside = (_Dataset, _Dataset.id == _Sweep.dataset_id)
_OF_POPULATION: Beside = (_Population, _Population.id == Run.population_id)
_OF_REUSED: Beside = (_Reused, _Reused.id == Run.reused_from_id)

OF_RUN: Mapping[str, InstrumentedAttribute[Any]] = {
    "id": Run.public_id,
    "number": Run.number,
    "seed": Run.seed,
    "state": Run.state,
    "role": Run.role,
    "reason": Run.reason,
    "epoch": Run.epoch,
    "epochs": Run.epochs,
    "best_epoch": Run.best_epoch,
    "collapsed": Run.collapsed,
    "diverged_step": Run.diverged_step,
    "diverged_tensor": Run.diverged_tensor,
    "environment_class": Run.environment_class,
    "weights_sha256": Run.weights_sha256,
    "train_seconds": Run.train_seconds,
    "started_at": Run.started_at,
    "finished_at": Run.finished_at,
}
OF_SWEEP: Mapping[str, InstrumentedAttribute[Any]] = {
    "sweep": Sweep.public_id,
    "sweep_name": Sweep.name,
    "method": Sweep.method,
    "task": Sweep.task,
    "created_at": Sweep.created_at,
}
OF_DATASET: Mapping[str, InstrumentedAttribute[Any]] = {
    "dataset": Dataset.name,
    "dataset_hash": Dataset.content_hash,
}
# The two scores share their columns, and the sweep's task says which it is.
TASK_OF: Mapping[str, str] = {score: task for task, score in SCORES.items()}
# A run's columns that are never null.
ALWAYS = frozenset({"id", "number", "seed", "state", "role", "epoch", "epochs", "sweep", "sweep_name"})


def run_condition(tree: Tree, owner_id: int) -> ColumnElement[bool]:
    """Which of the owner's runs a filter lets through, as a condition on `Run`."""
    return condition(tree, lambda quantity: _find(quantity, owner_id))


def run_value(quantity: Quantity, owner_id: int) -> tuple[Column, Sequence[Beside]]:
    """The quantity as a column to sort by, null where it is missing or not finite, and what holds it.

    What is joined to the runs by its key is looked up once for each, in a database's fastest way.
    """
    name = quantity.name
    if quantity.group == "metrics":
        found = _metric(quantity, owner_id)
        return (found.value if found.guard is None else case((found.guard, found.value))), ()
    if name == "configuration_hash":
        return _Configuration.hash, [_OF_CONFIGURATION]
    if quantity.group == "params":
        return _parameter(quantity, _Configuration).value, [_OF_CONFIGURATION]
    if quantity.group == "tags":
        return member(_Sweep.tags, name), [_OF_SWEEP]
    if name in OF_SWEEP:
        return getattr(_Sweep, OF_SWEEP[name].key), [_OF_SWEEP]
    if name in OF_DATASET:
        return getattr(_Dataset, OF_DATASET[name].key), [_OF_SWEEP, _OF_DATASET]
    if name == "population":
        return _Population.public_id, [_OF_POPULATION]
    if name == "reused_from":
        return _Reused.public_id, [_OF_REUSED]
    return OF_RUN[name], ()


def parameter_value(quantity: Quantity) -> Column:
    """The column of a parameter, on the row of its configuration."""
    return _parameter(quantity).value


def _find(quantity: Quantity, owner_id: int) -> Found:
    if quantity.group == "metrics":
        return _metric(quantity, owner_id)
    if quantity.group == "params":
        return _parameter(quantity)
    if quantity.group == "tags":
        return Found(member(Sweep.tags, quantity.name), lambda wanted: _of_sweeps(wanted, owner_id))
    name = quantity.name
    if name in OF_RUN:
        return Found(OF_RUN[name])
    if name in OF_SWEEP:
        return Found(OF_SWEEP[name], lambda wanted: _of_sweeps(wanted, owner_id))
    if name in OF_DATASET:
        return Found(OF_DATASET[name], lambda wanted: _of_sweeps(wanted, owner_id))
    if name == "configuration_hash":
        return Found(ConfigurationRow.hash, _of_configurations)
    if name == "population":
        return Found(PopulationRow.public_id, _of_populations)
    return Found(_Original.public_id, _of_originals, guard=Run.reused_from_id.is_not(None))


def _metric(quantity: Quantity, owner_id: int) -> Found:
    rows, _, kind = quantity.name.partition("_")
    task = TASK_OF.get(kind)
    column = f"{rows}_score" if task else quantity.name
    if quantity.statistic != "last":
        column = f"{column}_{quantity.statistic}"
    guard = None if task is None else _of_sweeps(Sweep.task == task, owner_id)
    return Found(getattr(Run, column), word=_word(rows, kind, quantity.statistic), guard=guard)


def _word(rows: str, kind: str, statistic: str) -> Column:
    if kind != "score":
        return text_at(Run.metrics, f"{rows}_{kind}", statistic)
    return func.coalesce(*(text_at(Run.metrics, f"{rows}_{score}", statistic) for score in SCORES.values()))


def _parameter(quantity: Quantity, held: Any = ConfigurationRow) -> Found:
    name, neutral = quantity.name, FIELDS[quantity.name].neutral
    value: Column
    if name == "hidden_layers" or name == "loss":
        # A function has neither; what stands in its columns is no network's choice.
        value = func.nullif(getattr(held, name), "value" if name == "loss" else "")
    elif name in ConfigurationRow.__table__.columns:
        value = getattr(held, name)
    elif quantity.kind == "flag":
        return Found(func.coalesce(text_at(held.document, name), "false") == "true", _of_configurations)
    elif quantity.kind == "text":
        value = text_at(held.document, name)
    else:
        value = number_at(held.document, name)
    if neutral is not None:  # what changes nothing is not written down
        value = func.coalesce(value, cast(neutral, Float64) if isinstance(neutral, int | float) else neutral)
    word = text_at(held.document, name) if quantity.kind == "batch_size" else None
    return Found(value, _of_configurations, word=word)


def _of_configurations(wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    return Run.configuration_id.in_(select(ConfigurationRow.id).where(wanted))


def _of_populations(wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    return Run.population_id.in_(select(PopulationRow.id).where(wanted))


def _of_originals(wanted: ColumnElement[bool]) -> ColumnElement[bool]:
    return Run.reused_from_id.in_(select(_Original.id).where(wanted))


def _of_sweeps(wanted: ColumnElement[bool], owner_id: int) -> ColumnElement[bool]:
    which = select(Sweep.id).outerjoin(Dataset, Dataset.id == Sweep.dataset_id)
    return Run.sweep_id.in_(which.where(Sweep.owner_id == owner_id, wanted))
