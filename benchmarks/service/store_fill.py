"""Fills a database with 100,000 finished runs in 300 sweeps and 5,000,000 loss rows, as training leaves them.

Nothing is trained: losses fall exponentially to a floor that the setting decides, with noise over epochs and
seeds, and a part of the largest rates diverges. One sweep has 12,000 runs, one 10,000 random ones, one 1,000
epochs; the others have between 40 and 480 runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from core.version import NUMERICS_VERSION
from service.planning.measurements import ROW
from service.planning.run_numbers import number_columns
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import ConfigurationRow, Dataset, LossRow, Owner, PopulationRow, Run, Sweep

Floats = NDArray[np.float64]

SEEDS = 10
TEST_ROWS = 270
POPULATION = 64  # runs
CLASSES = 10
ACTIVATIONS = ("relu", "tanh", "sigmoid", "elu")
OPTIMIZERS = ("sgd", "momentum", "adam", "rmsprop")
BEGAN = 1_790_000_000_000  # milliseconds since 1970
# PostgreSQL's binary COPY: https://www.postgresql.org/docs/current/sql-copy.html
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Shape:
    """How large one sweep is."""

    name: str
    rates: int
    layers: int
    epochs: int
    method: str = "grid"
    seeds: int = SEEDS

    @property
    def runs(self) -> int:
        """Rates times layers times seeds."""
        return self.rates * self.layers * self.seeds


@dataclass(frozen=True, slots=True)
class Filled:
    """What is in the database now; the sweeps' public ids by their names."""

    sweeps: Mapping[str, str]
    runs: int
    loss_rows: int


LARGE, RANDOM, LONG, SMALL = "12,000 runs", "10,000 random runs", "1,000 epochs", "small 1"


def shapes(*, runs: int, loss_rows: int) -> Sequence[Shape]:
    """300 sweeps of together so many runs and loss rows; the named ones shrink with them."""
    scale = runs / 100_000
    first = [
        Shape(LARGE, max(3, round(400 * scale)), 3, 20),
        Shape(RANDOM, max(3, round(1000 * scale)), 1, 20, "random"),
        Shape(LONG, max(3, round(20 * scale)), 2, 1000),
    ]
    others = max(1, round(297 * scale)) if scale < 1 else 297
    left = runs - sum(shape.runs for shape in first)
    rows = loss_rows - sum(shape.runs * shape.epochs for shape in first)
    found = list(first)
    for number in range(1, others + 1):
        settings = round(left / SEEDS * number / others) - round(left / SEEDS * (number - 1) / others)
        settings = max(4, settings)
        layers = (1, 2, 4)[number % 3]
        epochs = max(2, math.ceil(rows / left * (0.5, 1.0, 1.5)[number % 3]))
        found.append(Shape(f"small {number}", max(1, -(-settings // layers)), layers, epochs))
    return found


def fill(database: Database, owner: str, *, runs: int = 100_000, loss_rows: int = 5_000_000) -> Filled:
    """Fill a migrated database for the owner of this name."""
    source = np.random.default_rng(7)
    names: dict[str, str] = {}
    run_count = row_count = 0
    with database.write() as session:
        owner_id = session.scalar(select(Owner.id).where(Owner.name == owner))
        if owner_id is None:
            session.add(row := Owner(name=owner, created_at=now()))
            session.flush()
            owner_id = row.id
        dataset = _dataset(session, owner_id)
    configurations: dict[str, int] = {}
    for number, shape in enumerate(shapes(runs=runs, loss_rows=loss_rows)):
        with database.write() as session:
            names[shape.name] = _fill_sweep(session, owner_id, dataset, configurations, shape, number, source)
        run_count += shape.runs
        row_count += shape.runs * shape.epochs
    _settle(database)
    return Filled(names, run_count, row_count)


def _settle(database: Database) -> None:
    """What happens by itself on a server that has been up for a minute."""
    if not database.is_sqlite:
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _dataset(session: Session, owner_id: int) -> int:
    row = Dataset(
        public_id=new_id("d"),
        owner_id=owner_id,
        name="digits",
        content_hash="d" * 64,
        columns={"columns": []},
        row_count=1797,
        content=b"",
        created_at=BEGAN,
    )
    session.add(row)
    session.flush()
    return row.id


def _fill_sweep(
    session: Session,
    owner_id: int,
    dataset: int,
    configurations: dict[str, int],
    shape: Shape,
    number: int,
    source: np.random.Generator,
) -> str:
    rates = (
        np.geomspace(1e-3, 3.0, shape.rates)
        if shape.method == "grid"
        else np.exp(source.uniform(math.log(1e-3), math.log(3.0), shape.rates))
    )
    settings = [
        {
            "learning_rate": float(f"{rate:.12g}"),
            "hidden_layers": [2 ** (4 + layer)],
            "epochs": shape.epochs,
            "activation": ACTIVATIONS[number % 4],
            "optimizer": OPTIMIZERS[number // 4 % 4],
            "batch_size": 32,
            "loss": "cross_entropy",
            "output_activation": "softmax",
            "initializer": "he",
            "dtype": "float32",
        }
        for rate in rates
        for layer in range(shape.layers)
    ]
    keys = _configurations(session, configurations, settings)
    sweep = _sweep(session, owner_id, dataset, shape, number)
    count = shape.runs
    populations = [
        session.scalars(
            insert(PopulationRow).returning(PopulationRow.id),
            [
                {
                    "public_id": new_id("p"),
                    "sweep_id": sweep.id,
                    "owner_id": owner_id,
                    "created_at": BEGAN,
                    "state": "finished",
                }
            ],
        ).one()
        for _ in range(-(-count // POPULATION))
    ]
    curves, diverged = _curves(settings, shape, source)
    rows = list(_runs(owner_id, sweep, shape, keys, populations, curves, diverged, number, source))
    session.execute(insert(Run), rows)
    statement = select(Run.id).where(Run.sweep_id == sweep.id).order_by(Run.number)
    run_ids = np.array(session.scalars(statement).all(), dtype=np.int64)
    _insert_losses(session, run_ids, curves)
    _mark_diverged(session, run_ids[diverged], shape.epochs)
    return sweep.public_id


def _configurations(
    session: Session, known: dict[str, int], settings: Sequence[Mapping[str, Any]]
) -> Sequence[int]:
    named = [repr(sorted(setting.items())) for setting in settings]
    fresh = {name: setting for name, setting in zip(named, settings, strict=True) if name not in known}
    rows = [
        {
            **setting,
            "hash": f"{len(known) + place:064x}",
            "document": setting,
            "hidden_layers": str(setting["hidden_layers"]),
        }
        for place, setting in enumerate(fresh.values())
    ]
    if rows:
        statement = insert(ConfigurationRow).returning(ConfigurationRow.id, sort_by_parameter_order=True)
        known.update(zip(fresh, session.scalars(statement, rows), strict=True))
    return [known[name] for name in named]


def _sweep(session: Session, owner_id: int, dataset: int, shape: Shape, number: int) -> Sweep:
    began = BEGAN + number * 3_600_000
    sweep = Sweep(
        public_id=new_id("s"),
        owner_id=owner_id,
        name=f"{shape.name}: {shape.rates} rates",
        tags={"course": f"ml-{101 + number % 7}", "place": "lab" if number % 2 else "home"},
        submitted="{}",
        warnings=[],
        body_sha256="0" * 64,
        dataset_id=dataset,
        task="classification",
        method=shape.method,
        metric="validation_loss",
        goal="minimize",
        keep_weights="final",
        varied=["learning_rate", *(["hidden_layers"] if shape.layers > 1 else [])],
        seeds=list(range(shape.seeds)),
        preprocessing={},
        split={},
        constant={"validation_loss": 2.3, "test_accuracy": 0.1},
        split_counts={"train": 1257, "validation": 270, "test": TEST_ROWS, "resample": True},
        numerics_version=NUMERICS_VERSION,
        state="completed",
        run_count=shape.runs,
        all_count=shape.runs,
        completed_count=shape.runs,
        epochs_total=shape.runs * shape.epochs,
        epochs_done=shape.runs * shape.epochs,
        event_count=3,
        headline="",
        created_at=began,
        started_at=began + 1000,
        finished_at=began + 60_000,
    )
    session.add(sweep)
    session.flush()
    return sweep


def _curves(
    settings: Sequence[Mapping[str, Any]], shape: Shape, source: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """The columns of losses (runs, epochs, 7), and which runs diverge at their last epoch."""
    rates = np.repeat([math.log10(setting["learning_rate"]) for setting in settings], shape.seeds)
    runs = rates.size
    floor = 0.08 + 0.15 * (rates + 0.5) ** 2 + 0.02 * source.standard_normal(runs)
    epochs = np.arange(1, shape.epochs + 1)
    speed = 0.02 + 0.4 / (1 + np.exp(-2 * (rates + 1)))
    falling = np.exp(-speed[:, None] * epochs)
    train = (
        np.maximum(1e-3, floor)[:, None]
        + 2.2 * falling
        + 0.01 * source.standard_normal((runs, epochs.size)) ** 2
    )
    validation = train + 0.03 + 0.02 * source.standard_normal((runs, epochs.size)) ** 2
    accuracy = np.clip(1 - 0.4 * train, 0, 1), np.clip(1 - 0.4 * validation, 0, 1)
    norm = 5 * falling + 0.1 + 0.05 * source.random((runs, epochs.size))
    rate = np.broadcast_to(10 ** rates[:, None], train.shape)
    columns = np.stack([train, accuracy[0], validation, accuracy[1], rate, norm, rate * 0.01 * norm], axis=2)
    return columns, source.random(runs) < np.where(rates > 0.3, 0.3, 0.0)


def _runs(
    owner_id: int,
    sweep: Sweep,
    shape: Shape,
    keys: Sequence[int],
    populations: Sequence[int],
    curves: Floats,
    diverged: NDArray[np.bool_],
    sweep_number: int,
    source: np.random.Generator,
) -> Iterator[dict[str, Any]]:
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    best = curves[:, :, 2].argmin(axis=1)
    right = np.packbits(source.random((len(curves), TEST_ROWS)) < curves[:, -1, 3][:, None], axis=1)
    confusion = source.integers(0, 30, (CLASSES, CLASSES)).tolist()
    for place, curve in enumerate(curves):
        last, least, most, at_best = curve[-1], curve.min(axis=0), curve.max(axis=0), curve[best[place]]
        lost = bool(diverged[place])
        metrics: dict[str, Any] = {
            name: {
                "min": float(least[column]),
                "max": float(most[column]),
                "last": "NaN" if lost and not column % 2 else float(last[column]),
                "best": float(at_best[column]),
            }
            for column, name in enumerate(names)
        }
        metrics["best_epoch"] = int(best[place]) + 1
        metrics["layers"] = [
            {"gradient_norm": float(last[5]), "weight_norm": 3.25, "update_ratio": float(last[6])}
            for _ in range(2)
        ]
        if not lost:
            metrics |= {
                "validation_macro_f1": {"last": float(last[3]) - 0.002},
                "test_loss": {"last": float(last[2]) + 0.01},
                "test_accuracy": {"last": float(last[3]) - 0.01},
                "test_macro_f1": {"last": float(last[3]) - 0.012},
                "test_confusion": confusion,
            }
        yield {
            "public_id": new_id("r"),
            "owner_id": owner_id,
            "sweep_id": sweep.id,
            "population_id": populations[place // POPULATION],
            "configuration_id": keys[place // shape.seeds],
            "number": place + 1,
            "role": "search",
            "seed": place % shape.seeds,
            "state": "diverged" if lost else "completed",
            "reason": "the loss became NaN" if lost else None,
            "epoch": shape.epochs,
            "epochs": shape.epochs,
            "train_loss": None if lost else float(last[0]),
            "train_score": float(last[1]),
            "validation_loss": None if lost else float(last[2]),
            "validation_score": float(last[3]),
            "test_loss": None if lost else float(last[2]) + 0.01,
            "test_score": None if lost else float(last[3]) - 0.01,
            "best_epoch": int(best[place]) + 1,
            "metrics": metrics,
            "test_outcomes": None if lost else right[place].tobytes(),
            "collapsed": bool(last[3] < 0.1),
            **number_columns(metrics),
            "environment_class": None,
            "weights_sha256": f"{sweep_number:032x}{place:032x}",
            "identity_sha256": f"{sweep_number:032x}{place:032x}",
            "train_seconds": shape.epochs * 0.0004,
            "started_at": BEGAN + sweep_number * 3_600_000 + place,
            "finished_at": BEGAN + sweep_number * 3_600_000 + 9_000 + place,
        }


def _insert_losses(session: Session, run_ids: NDArray[np.int64], curves: Floats) -> None:
    runs, epochs, _ = curves.shape
    ids = np.repeat(run_ids, epochs)
    numbers = np.tile(np.arange(1, epochs + 1), runs)
    values = curves.reshape(runs * epochs, -1)
    driver: Any = session.connection().connection.driver_connection
    columns = ", ".join(ROW)
    if session.get_bind().dialect.name == "sqlite":
        marks = ", ".join("?" * len(ROW))
        rows = zip(ids.tolist(), numbers.tolist(), *values.T.tolist(), [0] * len(ids), strict=True)
        driver.executemany(f"INSERT INTO losses ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our schema
        return
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY losses ({columns}) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(COPY_HEADER)
        copy.write(_binary_rows(ids, numbers, values))
        copy.write(COPY_END)


def _binary_rows(ids: NDArray[np.int64], epochs: NDArray[np.int64], values: Floats) -> bytes:
    """Rows of losses as PostgreSQL's binary COPY has them: big-endian, each field behind its length."""
    fields: list[tuple[str, str]] = [
        ("fields", ">i2"),
        ("l0", ">i4"),
        ("run", ">i8"),
        ("l1", ">i4"),
        ("epoch", ">i4"),
    ]
    for column in range(values.shape[1]):
        fields += [(f"m{column}", ">i4"), (f"v{column}", ">f8")]
    rows = np.zeros(len(ids), dtype=[*fields, ("l2", ">i4"), ("code", ">i4")])
    rows["fields"], rows["l0"], rows["l1"], rows["l2"] = len(ROW), 8, 4, 4
    rows["run"], rows["epoch"] = ids, epochs
    for column in range(values.shape[1]):
        rows[f"m{column}"], rows[f"v{column}"] = 8, values[:, column]
    return rows.tobytes()


def _mark_diverged(session: Session, run_ids: NDArray[np.int64], epoch: int) -> None:
    """Their last row has NaN in both losses."""
    session.execute(
        update(LossRow)
        .where(LossRow.run_id.in_(run_ids.tolist()), LossRow.epoch == epoch)
        .values(train_loss=None, validation_loss=None, non_finite=0b010001)
    )
