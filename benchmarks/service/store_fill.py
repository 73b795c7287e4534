"""Fills a database with 100,000 ended runs of 9,800 sweeps and 5,000,000 loss rows, as training leaves it.

Nothing is trained: losses fall exponentially to a floor that the setting decides, with noise over epochs and
seeds, and a part of the largest rates diverges. One sweep has 40,000 runs in 4,000 settings of three
parameters, one 12,000, one 10,000 random ones, one 1,000 runs of 1,000 epochs each, one 1,000 range tests;
9,600 have a single run, and 200 between 40 and 300. Or all runs are of one sweep.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Table, select

from benchmarks.service.bulk_rows import BulkWriter, Floats
from benchmarks.service.store_rows import BEGAN, TEST_ROWS, curves_of, run_rows
from benchmarks.service.store_shapes import Shape
from core.configuration import canonical_json, configuration_hash, resolve
from core.fields import RANGE_TEST
from core.version import NUMERICS_VERSION
from service.lifecycle.create import configuration_row
from service.lifecycle.gather import gather_large
from service.planning.best_result import small_curve
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import ConfigurationRow, Dataset, Event, Owner, PopulationRow, Run, Sweep

POPULATION = 64  # runs
ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu")
OPTIMIZERS = ("sgd", "momentum", "adam", "rmsprop")
LOSSES_AT_ONCE = 200_000  # rows whose values are in memory
NOT_FINITE = 0b010001  # NaN in both losses
HEADLINE = (
    "0.32 is best at 30 epochs (batch 32, sgd, cross-entropy); 0.18 to 0.56 cannot be told apart (95 %, "
    "10 seeds, 13 rates); 0 of 10 diverged; test accuracy 96.8 % [94.7, 98.4]; constant 10 %, linear 92 %."
)
BEST_RESULT = {
    "setting": {"learning_rate": 0.316227766017},
    "mean": 0.12345678901234567,
    "low": 0.11345678901234567,
    "high": 0.13345678901234567,
    "n": 10,
    "curve": small_curve("validation_loss", range(1, 101), [2.3 / epoch for epoch in range(1, 101)]),
}
TABLES: Sequence[Table] = [
    model.__table__  # type: ignore[misc]  # a Table, which SQLAlchemy calls a FromClause
    for model in (Dataset, ConfigurationRow, Sweep, Event, PopulationRow, Run)
]


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the database now; the sweeps' public ids by their names."""

    sweeps: Mapping[str, str]
    runs: int
    loss_rows: int


def fill(database: Database, owner: str, wanted: Sequence[Shape]) -> Filled:
    """Fill a migrated, empty database with these sweeps for the owner of this name."""
    with database.write() as session:
        owner_id = session.scalar(select(Owner.id).where(Owner.name == owner))
        if owner_id is None:
            session.add(row := Owner(name=owner, created_at=now()))
            session.flush()
            owner_id = row.id
    writer = BulkWriter(database)
    filling = _Filling(writer, owner_id)
    filling.dataset()
    for number, shape in enumerate(wanted):
        filling.sweep(shape, number)
    filling.flush()
    writer.finish(TABLES)
    while gather_large(database):
        continue  # what upkeep does by itself
    return Filled(filling.names, filling.runs, filling.loss_rows)


@dataclass(slots=True)
class _Filling:
    """What has been given a key so far, and what is not yet written."""

    writer: BulkWriter
    owner: int
    source: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))
    names: dict[str, str] = field(default_factory=dict)
    configurations: dict[str, int] = field(default_factory=dict)  # keys by hash
    populations: int = 0
    events: int = 0
    runs: int = 0
    loss_rows: int = 0
    rows: dict[str, list[Mapping[str, Any]]] = field(default_factory=dict)

    def dataset(self) -> None:
        """The one that every sweep learns from."""
        self._add(
            Dataset,
            id=1,
            public_id=new_id("d"),
            owner_id=self.owner,
            name="digits",
            content_hash="d" * 64,
            columns={"columns": []},
            row_count=1797,
            content=b"",
            created_at=BEGAN,
        )

    def sweep(self, shape: Shape, number: int) -> None:
        """One sweep with everything that belongs to it."""
        settings, keys = self._settings(shape, number)
        row = _sweep_row(self.owner, shape, number)
        self._add(Sweep, **row)
        self.names[shape.name] = row["public_id"]
        self._events(row, shape)
        first_population = self.populations + 1
        for _ in range(-(-shape.runs // POPULATION)):
            self.populations += 1
            self._add(
                PopulationRow,
                id=self.populations,
                public_id=new_id("p"),
                sweep_id=row["id"],
                owner_id=self.owner,
                created_at=BEGAN,
                state="finished",
            )
        at_once = max(1, LOSSES_AT_ONCE // (shape.epochs * shape.seeds))  # settings
        for start in range(0, len(settings), at_once):
            curves, diverged = curves_of(settings[start : start + at_once], shape, self.source)
            run_keys = range(self.runs + 1, self.runs + 1 + len(curves))
            of_run = run_rows(shape, curves, diverged, number, start * shape.seeds, self.source)
            for key, (place, columns) in zip(run_keys, of_run, strict=True):
                self._add(
                    Run,
                    id=key,
                    owner_id=self.owner,
                    sweep_id=row["id"],
                    population_id=first_population + place // POPULATION,
                    configuration_id=keys[place // shape.seeds],
                    **columns,
                )
            self.runs += len(curves)
            self.loss_rows += len(curves) * shape.epochs
            if shape.runs > 1:
                self.flush()
            self._losses(run_keys, curves, diverged)

    def flush(self) -> None:
        """Write what waits, parents first."""
        for table in TABLES:
            self.writer.write(table, self.rows.pop(table.name, []))

    def _events(self, sweep: Mapping[str, Any], shape: Shape) -> None:
        for number in range(1, shape.events + 1):
            self.events += 1
            done = shape.runs * number // shape.events
            self._add(
                Event,
                id=self.events,
                sweep_id=sweep["id"],
                number=number,
                at=sweep["created_at"] + number,
                kind="ended",
                document={
                    "epoch": shape.epochs,
                    "state": "completed" if done == shape.runs else "running",
                    "counts": {"completed": done, "running": shape.runs - done},
                    "epochs_done": done * shape.epochs,
                    "epochs_total": shape.runs * shape.epochs,
                },
            )

    def _add(self, model: type[Any], **columns: Any) -> None:
        self.rows.setdefault(model.__tablename__, []).append(columns)

    def _losses(self, run_keys: Sequence[int], curves: Floats, diverged: NDArray[np.bool_]) -> None:
        codes = np.zeros(curves.shape[:2], dtype=np.int64)
        codes[diverged, -1] = NOT_FINITE
        values = curves.copy()
        values[np.ix_(diverged, [-1], [0, 2])] = np.nan
        self.writer.losses(run_keys, values, codes)

    def _settings(self, shape: Shape, number: int) -> tuple[Sequence[Mapping[str, Any]], Sequence[int]]:
        settings, keys = [], []
        for given in _given(shape, number, self.source):
            configuration = resolve(given, task="classification")
            digest = configuration_hash(configuration)
            document = json.loads(canonical_json(configuration))
            if digest not in self.configurations:
                self.configurations[digest] = len(self.configurations) + 1
                columns = configuration_row(digest, configuration, document)
                self._add(ConfigurationRow, id=self.configurations[digest], **columns)
            settings.append(document)
            keys.append(self.configurations[digest])
        return settings, keys


def _given(shape: Shape, number: int, source: np.random.Generator) -> Iterator[dict[str, Any]]:
    rates = (
        np.geomspace(1e-3, 3.0, shape.rates)
        if shape.method != "random"
        else np.exp(source.uniform(math.log(1e-3), math.log(3.0), shape.rates))
    )
    for rate in rates:
        for layer in range(shape.layers):
            for decay in range(shape.decays):
                yield {
                    "learning_rate": float(f"{rate:.12g}"),
                    "hidden_layers": [2 ** (4 + layer)],
                    "epochs": shape.epochs,
                    "activation": ACTIVATIONS[number % 4],
                    "optimizer": OPTIMIZERS[number // 4 % 4],
                    "batch_size": 32,
                    "l2": 0.001 * decay,
                    **({"learning_rate_schedule": RANGE_TEST} if shape.method == RANGE_TEST else {}),
                }


def _sweep_row(owner: int, shape: Shape, number: int) -> dict[str, Any]:
    began = BEGAN + number * 360_000
    varied = {"learning_rate": shape.rates, "hidden_layers": shape.layers, "l2": shape.decays}
    return {
        "id": number + 1,
        "public_id": new_id("s"),
        "owner_id": owner,
        "name": f"{shape.name}: {shape.rates} rates",
        "notes": "looked at again: rates too low" if number % 100 == 99 else "",
        "tags": {"course": f"ml-{101 + number % 7}", "place": "lab" if number % 2 else "home"},
        "submitted": "{}",
        "extensions": [],
        "warnings": [],
        "body_sha256": "0" * 64,
        "dataset_id": 1,
        "task": "classification",
        "method": shape.method,
        "metric": "validation_loss",
        "goal": "minimize",
        "keep_weights": "final",
        "varied": [name for name, count in varied.items() if count > 1],
        "seeds": list(range(shape.seeds)),
        "preprocessing": {},
        "split": {},
        "constant": {"validation_loss": 2.3, "test_accuracy": 0.1},
        "split_counts": {"train": 1257, "validation": 270, "test": TEST_ROWS, "resample": True},
        "numerics_version": NUMERICS_VERSION,
        "state": "completed",
        "run_count": shape.runs,
        "all_count": shape.runs,
        "completed_count": shape.runs,
        "epochs_total": shape.runs * shape.epochs,
        "epochs_done": shape.runs * shape.epochs,
        "event_count": shape.events,
        "headline": HEADLINE,
        "best_result": BEST_RESULT,
        "created_at": began,
        "started_at": began + 1000,
        "finished_at": began + 60_000,
    }
