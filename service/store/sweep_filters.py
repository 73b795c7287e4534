"""Where the quantities that people filter sweeps by stand in the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from service.planning.query.tree import Quantity, Tree
from service.store.conditions import Found, condition
from service.store.dialects import member
from service.store.schema import Dataset, Sweep

COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "id": Sweep.public_id,
    "name": Sweep.name,
    "notes": Sweep.notes,
    "dataset": Dataset.name,
    "dataset_hash": Dataset.content_hash,
    "method": Sweep.method,
    "task": Sweep.task,
    "metric": Sweep.metric,
    "goal": Sweep.goal,
    "headline": Sweep.headline,
    "state": Sweep.state,
    "runs": Sweep.run_count,
    "created_at": Sweep.created_at,
    "started_at": Sweep.started_at,
    "finished_at": Sweep.finished_at,
}


def sweep_condition(tree: Tree) -> ColumnElement[bool]:
    """Which sweeps a filter lets through, as a condition on `Sweep` beside its `Dataset`."""
    return condition(tree, _find)


def _find(quantity: Quantity) -> Found:
    tagged = quantity.group == "tags"
    return Found(member(Sweep.tags, quantity.name) if tagged else COLUMNS[quantity.name])
