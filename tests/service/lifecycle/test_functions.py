"""A sweep over a function is planned and stored like any other, without a table and without rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.functions import Function
from service.datasets.cache import ContentCache
from service.errors import InvalidSubmission
from service.lifecycle.extend import extend_sweep
from service.lifecycle.materials import FunctionMaterials, load_materials
from service.lifecycle.owners import local_owner
from service.lifecycle.plan import SweepPlan
from service.lifecycle.plan_submission import plan_submission
from service.lifecycle.submit import submit
from service.store.database import Database
from service.store.schema import ConfigurationRow, Dataset, Run, Sweep

CUBIC: dict[str, Any] = {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}}
RATES = {"distribution": "log_uniform_values", "min": 0.001, "max": 1, "count": 4_000}


def _body(function: object = CUBIC, **parameters: object) -> bytes:
    return json.dumps({"function": function, "parameters": parameters}).encode()


def _plan(database: Database, body: bytes, max_runs: int = 100_000) -> SweepPlan:
    return plan_submission(database, owner_id=database.run(local_owner), body=body, max_runs=max_runs)


def test_four_thousand_rates_are_few_populations_and_no_baselines(database: Database) -> None:
    plan = _plan(database, _body(learning_rate=RATES, epochs=50))
    assert plan.submission.baselines  # without effect: there are no layers to leave out
    assert len(plan.runs) == 4_000
    assert {run.seed for run in plan.runs} == {0}
    assert len(plan.populations) <= 8
    assert sorted(index for members in plan.populations for index in members) == list(range(4_000))
    assert plan.constant == {}


def test_optimizers_train_apart(database: Database) -> None:
    optimizers = {"values": ["sgd", "adam"]}
    plan = _plan(database, _body(learning_rate={"values": [0.1, 0.2]}, optimizer=optimizers))
    for members in plan.populations:
        assert len({plan.runs[index].configuration.optimizer for index in members}) == 1


def test_a_runs_identity_is_that_of_function_configuration_and_start(database: Database) -> None:
    def identity(function: object, **parameters: object) -> str:
        plan = _plan(database, _body(function, **parameters))
        return plan.identity(plan.runs[0])

    first = identity(CUBIC, learning_rate=0.1)
    assert identity({**CUBIC, "expression": " (x**3) + 3*x**2"}, learning_rate=0.1) == first
    others = [
        identity({**CUBIC, "start": {"x": -1.8}}, learning_rate=0.1),
        identity({**CUBIC, "expression": "x**3 + 2*x**2"}, learning_rate=0.1),
        identity(CUBIC, learning_rate=0.2),
    ]
    assert len({first, *others}) == 4


def test_too_many_runs_are_refused(database: Database) -> None:
    with pytest.raises(InvalidSubmission, match="4,000 runs asked, at most 100"):
        _plan(database, _body(learning_rate=RATES), max_runs=100)


def test_it_is_stored_without_a_dataset_and_read_back(database: Database, tmp_path: Path) -> None:
    owner = database.run(local_owner)
    body = _body(learning_rate={"values": [0.1, 0.2, 0.4]}, epochs=20)
    submitted = submit(database, owner_id=owner, body=body, idempotency_key=None, max_runs=100)
    with database.read() as session:
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.dataset_id, sweep.task, sweep.metric) == (None, "function", "train_loss")
        assert sweep.function == {**CUBIC, "tolerance": 1e-6}
        assert (sweep.run_count, sweep.all_count, sweep.seeds) == (3, 3, [0])
        assert session.scalars(select(Dataset)).all() == []
        documents = session.scalars(select(ConfigurationRow.document)).all()
        assert sorted(document["learning_rate"] for document in documents) == [0.1, 0.2, 0.4]
        assert {frozenset(document) for document in documents} == {
            frozenset({"learning_rate", "optimizer", "epochs"})
        }
        assert len(session.scalars(select(Run)).all()) == 3
        materials = load_materials(session, submitted.sweep_id, ContentCache(tmp_path, 0))
    assert isinstance(materials, FunctionMaterials)
    assert materials.function.sha256 == Function.of(CUBIC["expression"], CUBIC["start"]).sha256
    assert materials.aims.configuration(documents[0]).epochs == 20


def test_values_can_be_added_to_it_later_and_seeds_cannot(database: Database) -> None:
    owner = database.run(local_owner)
    body = _body(learning_rate={"values": [0.1, 0.2]}, epochs=20)
    submitted = submit(database, owner_id=owner, body=body, idempotency_key=None, max_runs=100)

    def extend(**asked: object) -> int:
        return extend_sweep(
            database,
            owner_id=owner,
            public_id=submitted.public_id,
            body=json.dumps(asked).encode(),
            max_runs=100,
        )

    assert extend(parameters={"learning_rate": {"values": [0.2, 0.4]}}) == 1
    with database.read() as session:
        documents = session.scalars(
            select(ConfigurationRow.document).join(Run, Run.configuration_id == ConfigurationRow.id)
        ).all()
        assert sorted(document["learning_rate"] for document in documents) == [0.1, 0.2, 0.4]
        assert session.scalars(select(Sweep.all_count)).one() == 3
    with pytest.raises(InvalidSubmission, match="seeds"):
        extend(seeds=2)
    with pytest.raises(InvalidSubmission, match="for networks"):
        extend(parameters={"hidden_layers": {"values": [[3]]}})
