from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from core.configuration import complete
from service.planning.query.reading import OrderBy
from service.planning.query.tree import Comparison, Quantity
from service.planning.query.vocabulary import OF_RUNS
from service.planning.run_numbers import number_columns
from service.store.database import Database
from service.store.run_filters import run_condition
from service.store.run_queries import RunFilter, list_runs, run_conditions
from service.store.schema import ConfigurationRow, Dataset, Run
from tests.service.api import building
from tests.service.planning.query.trees import text_of, trees, truth

TAGS: list[dict[str, str]] = [{"course": "ml-101", 'odd "key"\\': "Größe"}, {"course": "ML-102"}, {}]
DOCUMENTS: list[dict[str, Any]] = [
    {"learning_rate": 0.1, "hidden_layers": [8], "activation": "relu", "batch_size": 32, "optimizer": "sgd"},
    {"learning_rate": 1e-05, "hidden_layers": [], "batch_size": "full", "optimizer": "adam", "beta1": 0.9},
    {"learning_rate": 1.0, "hidden_layers": [64, 32], "activation": "tanh", "batch_size": 1,
     "optimizer": "sgd", "dropout": 0.5, "restore_best": True, "class_weight": "balanced",
     "learning_rate_schedule": "step"},
]  # fmt: skip
WORDS = ("NaN", "Infinity", "-Infinity")
VALUES = (0.1, 0.30000000000000004, -2.5, 1e-300, 7.0, *WORDS, None)
NAMES = {"classification": "accuracy", "regression": "r2"}


class World:
    """Some runs in the store, and beside them what is true of each, by public id."""

    def __init__(self, session: Session) -> None:
        self.owner = building.owner(session, "me")
        self.truths: dict[str, dict[str, Any]] = {}
        source = random.Random(11)  # noqa: S311
        dataset = Dataset(
            public_id=building.new_id("d"), owner_id=self.owner, name="Digits_1", content_hash="d" * 64,
            columns=[], row_count=1, content=b"", created_at=1,
        )  # fmt: skip
        session.add(dataset)
        configurations = [_configuration(session, document) for document in DOCUMENTS]
        for place, tags in enumerate(TAGS):
            task = "regression" if place == 1 else "classification"
            sweep = building.sweep(
                session, self.owner, name=f"sweep {place}", tags=tags, task=task, created_at=place * 1000
            )
            session.flush()
            sweep.dataset_id = None if place == 2 else dataset.id
            for number in range(1, 9):
                which = source.randrange(len(DOCUMENTS))
                metrics = _metrics(source, NAMES[task])
                finite = {name: _finite(kinds["last"]) for name, kinds in metrics.items()}
                columns: dict[str, Any] = {
                    "seed": source.randrange(3),
                    "state": source.choice(["completed", "failed", "diverged"]),
                    "collapsed": source.random() < 0.5,
                    "epoch": source.randrange(4),
                    "reason": source.choice([None, "out of [memory]", "Stopped 50% early"]),
                    "finished_at": source.choice([None, 5000, 1793491200000]),
                    "train_seconds": source.choice([None, 0.5]),
                }
                numbers: dict[str, Any] = dict(number_columns(metrics))
                run = building.run(
                    session, sweep, number, metrics=metrics, configuration_id=configurations[which],
                    train_loss=finite.get("train_loss"), validation_loss=finite.get("validation_loss"),
                    validation_score=finite.get(f"validation_{NAMES[task]}"), **numbers, **columns,
                )  # fmt: skip
                self.truths[run.public_id] = {
                    **columns, "number": number, "sweep_name": sweep.name, "created_at": place * 1000,
                    "dataset": None if place == 2 else "Digits_1", "tags": tags, "metrics": metrics,
                    "task": task, "params": complete(DOCUMENTS[which]),
                }  # fmt: skip

    def values(self, quantity: Quantity) -> list[tuple[str, Any]]:
        """Every run with what a quantity of it is."""
        return [(run, self.value(run, quantity)) for run in self.truths]

    def value(self, run: str, quantity: Quantity) -> Any:
        """What a quantity of a run is, from what was put in."""
        truths = self.truths[run]
        if quantity.group == "attributes":
            return truths[quantity.name]
        if quantity.group == "tags":
            return truths["tags"].get(quantity.name)
        if quantity.group == "metrics":
            name = quantity.name.replace("score", NAMES[truths["task"]])
            return truths["metrics"].get(name, {}).get(quantity.statistic)
        found = truths["params"][quantity.name]
        return json.dumps(found, separators=(",", ":")) if isinstance(found, list) else found


def _configuration(session: Session, document: Mapping[str, Any]) -> int:
    columns = {
        name: document.get(name) for name in ("activation", "optimizer", "dropout", "learning_rate_schedule")
    }
    row = ConfigurationRow(
        hash=f"{len(json.dumps(document)):064d}", document=document, loss="mse", dtype="float32", epochs=4,
        hidden_layers=json.dumps(document["hidden_layers"], separators=(",", ":")),
        batch_size=None if document["batch_size"] == "full" else document["batch_size"],
        learning_rate=document["learning_rate"], **columns,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row.id


def _metrics(source: random.Random, score: str) -> dict[str, dict[str, Any]]:
    found = {}
    for name in ("train_loss", "validation_loss", f"validation_{score}"):
        kinds = {kind: source.choice(VALUES) for kind in ("last", "best", "min", "max")}
        if source.random() < 0.8 and kinds["last"] is not None:
            found[name] = {kind: value for kind, value in kinds.items() if value is not None}
    return found


def _finite(value: Any) -> float | None:
    return None if isinstance(value, str) else value


def _quantity(name: str) -> Quantity:
    return OF_RUNS.quantity(tuple(name.split(".")))


NUMBERS = [value for value in VALUES if isinstance(value, float)]
ASKED: dict[Quantity, list[Any]] = {
    **{
        _quantity(f"{name}{kind}"): [*NUMBERS, *WORDS]
        for name in ("train_loss", *(f"validation_{kind}" for kind in ("loss", "accuracy", "r2", "score")))
        for kind in ("", ".best", ".min", ".max")
    },
    _quantity("params.learning_rate"): [0.1, 1e-05, 1, 0.5],
    _quantity("params.dropout"): [0.0, 0.5, 0.2],
    _quantity("params.beta1"): [0.9, 1],
    _quantity("params.batch_size"): [32, 1, 8, "full"],
    _quantity("params.hidden_layers"): ["[]", "[8]", "[64,32]"],
    _quantity("params.activation"): ["relu", "tanh"],
    _quantity("params.learning_rate_schedule"): ["constant", "step"],
    _quantity("params.class_weight"): ["balanced", "none"],
    _quantity("params.restore_best"): [True, False],
    Quantity("tags", "course", "text"): ["ml-101", "ML-102", "ml-102"],
    Quantity("tags", 'odd "key"\\', "text"): ["Größe", "x"],
    _quantity("state"): ["completed", "failed", "diverged"],
    _quantity("seed"): [0, 1, 2, 2**53 - 1],
    _quantity("epoch"): [0, 1, 2.5],
    _quantity("collapsed"): [True, False],
    _quantity("reason"): ["out of [memory]", "Stopped 50% early", "*"],
    _quantity("dataset"): ["Digits_1", "digits_1"],
    _quantity("sweep_name"): ["sweep 0", "Sweep 1"],
    _quantity("created_at"): [0, 1000],
    _quantity("finished_at"): [5000, 6000],
    _quantity("train_seconds"): [0.5, 0],
}  # fmt: skip


@pytest.fixture
def world(database: Database) -> World:
    with database.write() as session:
        stranger = building.owner(session, "them")
        building.run(session, building.sweep(session, stranger), 1)
        return World(session)


def test_a_filter_finds_what_plain_python_finds(database: Database, world: World) -> None:
    @settings(max_examples=100, deadline=None, database=None)
    @given(trees(ASKED))
    def check(tree: Any) -> None:
        expected = {run for run in world.truths if truth(tree, partial(world.value, run))}
        with database.read() as session:
            wanted = run_conditions(session, world.owner, RunFilter(tree=tree))
            found = set(session.scalars(select(Run.public_id).where(*wanted)))
        assert found == expected, text_of(tree)

    check()


def test_each_quantity_is_found_where_it_stands(database: Database, world: World) -> None:
    for quantity, values in ASKED.items():
        for value in values:
            tree = Comparison(quantity, "=", value)
            expected = {run for run, found in world.values(quantity) if found == value}
            with database.read() as session:
                found = list_runs(session, world.owner, RunFilter(tree=tree), order=(), limit=100)
            assert {view.run.public_id for view in found} == expected, (quantity, value)


def test_in_any_order_the_pages_are_the_whole_list_with_missing_values_last(
    database: Database, world: World
) -> None:
    source = random.Random(5)  # noqa: S311
    sortable = [each for each in ASKED if each.kind != "flag"]
    for _ in range(25):
        order = [
            OrderBy(each, source.random() < 0.5) for each in source.sample(sortable, source.randrange(4))
        ]
        pages: list[Any] = []
        after = None
        with database.read() as session:
            while page := list_runs(session, world.owner, RunFilter(), order=order, limit=5, after=after):
                pages += page
                after = page[-1].place
            whole = list_runs(session, world.owner, RunFilter(), order=order, limit=100)
        names = [view.run.public_id for view in whole]
        assert [view.run.public_id for view in pages] == names
        assert sorted(names) == sorted(world.truths)
        for before, behind in itertools.pairwise(names):
            assert _is_before(world, before, behind, order), (before, behind, order)


def _is_before(world: World, before: str, behind: str, order: list[OrderBy]) -> bool:
    for key in order:
        left, right = world.value(before, key.quantity), world.value(behind, key.quantity)
        if key.quantity.kind in ("metric", "batch_size"):
            left, right = _finite(left), _finite(right)
        if left == right:
            continue
        if left is None or right is None:
            return right is None
        return bool(left > right) if key.descending else bool(left < right)
    down = bool(order) and order[0].descending
    return before > behind if down else before < behind


@given(st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_no_value_of_a_filter_becomes_part_of_the_statement(text: str) -> None:
    word = f"'; DROP TABLE runs; --{text}"
    tree = Comparison(Quantity("tags", word, "text"), "=", word)
    for url in ("postgresql+psycopg://", "sqlite://"):
        dialect = make_url(url).get_dialect()()
        assert "DROP" not in str(run_condition(tree, 1).compile(dialect=dialect))
