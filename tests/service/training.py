"""Sweeps that are really trained, in the test's own process, for what is done with trained networks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from core.environment import environment_class
from service.datasets.table import Column, Table
from service.lifecycle.datasets import keep_table
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import submit
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from service.store.schema import Run, Sweep
from worker.context import Context
from worker.execution import execute_next


def worker_context(database: Database, home: Path, name: str = "w1") -> Context:
    """A worker's context; every epoch is recorded."""
    settings = Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(home),
            "BACKSWEEP_RECORD_SECONDS": "0.05",
            "BACKSWEEP_BROKER_URL": "redis://nowhere",
        }
    )
    digest = database.run(
        lambda session: register_worker(
            session, name=name, host="here", process_id=1, environment=environment_class()
        )
    )
    return Context(database, settings, name, digest)


def trained(database: Database, home: Path, table: Table | None = None, **sweep: Any) -> Sequence[str]:
    """The public ids of a sweep's runs, in their order, all of them at their end."""
    owner = database.run(local_owner)
    if table is not None:
        database.run(lambda session: keep_table(session, owner, table))
        sweep["dataset"] = table.name
    body = {"name": "trained", "seeds": 1, "baselines": False, "parameters": {"epochs": 3}, **sweep}
    sent = submit(
        database, owner_id=owner, body=json.dumps(body).encode(), idempotency_key=None, max_runs=1_000
    )
    context = worker_context(database, home)
    while execute_next(context):
        pass
    with database.read() as session:
        runs = session.scalars(
            select(Run).join(Sweep).where(Sweep.public_id == sent.public_id).order_by(Run.number)
        ).all()
        assert {run.state for run in runs} <= {"completed", "diverged"}, [run.reason for run in runs]
        return [run.public_id for run in runs]


def mixed_table(name: str = "mixed", rows: int = 60) -> Table:
    """Text, booleans and numbers with missing values, constant columns, and two targets of numbers."""
    draw = np.random.default_rng(7)
    number = draw.normal(1000.0, 3.0, rows)
    number[::7] = np.nan
    towns: list[str | None] = [["Bath", "Łódź", "Zürich", 'x, "y"'][row % 4] for row in range(rows)]
    towns[3] = towns[11] = None
    towns[rows - 1] = "seen once"
    flags: list[bool | None] = [bool(row % 3) for row in range(rows)]
    flags[5] = None
    one = np.where(np.isnan(number), 1000.0, number) * 0.5 + np.arange(rows)
    two = draw.normal(-4e5, 2e4, rows)
    columns: dict[str, tuple[Any, Any]] = {
        "size": ("number", number),
        "town": ("text", tuple(towns)),
        "open": ("boolean", tuple(flags)),
        "same": ("number", np.full(rows, 4.5)),
        "word": ("text", ("only",) * rows),
        "nothing": ("number", np.full(rows, np.nan)),
        "count": ("number", np.arange(rows) % 5 * 1.0),
        "one": ("number", one),
        "two": ("number", two),
        "kind": ("text", tuple(["bad", "good", "so so"][row % 3] for row in range(rows))),
        "yes": ("boolean", tuple(bool(row % 2) for row in range(rows))),
    }
    return Table(
        name,
        tuple(Column(title, kind) for title, (kind, _) in columns.items()),
        tuple(values for _, values in columns.values()),
    )


FEATURES = ["size", "town", "open", "same", "word", "nothing", "count"]


def rows_of(table: Table, rows: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Rows as JSON carries them."""
    chosen = range(table.rows) if rows is None else rows
    return [
        {
            column.name: None if isinstance(cell := values[row], float) and np.isnan(cell) else _plain(cell)
            for column, values in zip(table.columns, table.values, strict=True)
        }
        for row in chosen
    ]


def _plain(cell: Any) -> Any:
    return float(cell) if isinstance(cell, np.floating) else cell
