"""A table as people have them goes all the way: sent, split, trained on, and asked for answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from service.datasets.reading.limits import Limits
from service.datasets.reading.process import read_upload
from service.inference.predictions import ClassAnswers, NumberAnswers, answer
from service.inference.trained import find_trained
from service.lifecycle.datasets import Particulars, delete_dataset, keep_upload, table_of_run
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted
from service.store.schema import Dataset, Run, Sweep
from service.store.summary_queries import sweep_summary
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]
Upload = Callable[..., str]

STREETS = ("Elm", "Oak, north", "Fir")


def houses(rows: int = 90) -> str:
    """Prices that follow from size and street, with gaps, a name in each row, a column that never changes."""
    rng = np.random.default_rng(5)
    lines = ["name;size;street;country;garden;price;rent;sold"]
    for row in range(rows):
        size, street, garden = float(rng.uniform(40, 200)), row % 3, bool(rng.integers(2))
        price = 2 * size + 40 * street + 15 * garden
        shown = "" if row % 11 == 0 else f"{size:.1f}".replace(".", ",")
        where = "NA" if row % 13 == 0 else f'"{STREETS[street]}"'
        money = f"{price:.2f};{price / 200:.3f}".replace(".", ",")
        lines.append(
            f"house {row};{shown};{where};XX;{str(garden).lower()};{money};{'yes' if price > 290 else 'no'}"
        )
    return "\r\n".join(lines)


@pytest.fixture
def upload(worker_context: Context, tmp_path: Path) -> Upload:
    """Store a table under a name, as the route does it."""

    def send(text: str, name: str, **told: Any) -> str:
        (tmp_path / "body").write_text(text, encoding="utf-8", newline="")
        limits = Limits(memory=2**29)
        table = read_upload(tmp_path, "csv", limits, target=told.get("target"), decimal="comma")
        owner = worker_context.database.run(local_owner)
        return keep_upload(worker_context.database, owner, name, table, Particulars(**told))[0]

    return send


def trained(context: Context, public_id: str) -> Sequence[Run]:
    while execute_next(context):
        pass
    with context.database.read() as session:
        return session.scalars(select(Run).join(Sweep).where(Sweep.public_id == public_id)).all()


def score(run: Run) -> float:
    """Its accuracy or R2 on the test rows after the last epoch."""
    name = "test_r2" if "test_r2" in run.metrics else "test_accuracy"
    return float(run.metrics[name]["last"])


SETTINGS = {
    "parameters": {"learning_rate": {"values": [0.05, 0.2]}, "hidden_layers": {"value": [8]}, "epochs": 60}
}


def test_a_table_with_text_gaps_and_a_constant_column_is_trained_on_and_answers(
    worker_context: Context, submitted: Submit, upload: Upload
) -> None:
    upload(houses(), "houses", target="sold")
    sweep = submitted(dataset="houses", **SETTINGS).public_id
    runs = trained(worker_context, sweep)
    assert {run.state for run in runs} == {"completed"}
    owner = worker_context.database.run(local_owner)
    with worker_context.database.read() as session:
        stored = session.scalars(select(Sweep)).one()
        told = " ".join(stored.warnings)
        assert "constant columns carry no information: country" in told
        assert "are no features: name" in told
        assert "missing values were filled in 2 columns: size, street" in told
        assert sweep_summary(session, owner, sweep)[0].settings
        best = max(runs, key=score)
        assert score(best) > 0.7  # half of the houses are sold
        network = find_trained(session, owner, best.public_id, "final")
        table = table_of_run(session, owner, best.public_id)
        assert table_of_run(session, owner, best.public_id) is table  # it is not read twice
        answers = answer(network, table)
    assert isinstance(answers, ClassAnswers)
    assert answers.labels == ("no", "yes")
    assert [column.name for column in network.feature_columns] == [
        "size", "street", "country", "garden", "price", "rent",
    ]  # fmt: skip
    assert np.isfinite(answers.outputs).all()


def test_two_columns_of_numbers_are_predicted_together_with_rows_that_a_column_chooses(
    worker_context: Context, submitted: Submit, upload: Upload
) -> None:
    lines = houses().split("\r\n")
    parts = ["part"] + ["train"] * 60 + ["validation"] * 15 + ["test"] * 15
    text = "\n".join(f"{line};{part}" for line, part in zip(lines, parts, strict=True))
    upload(text, "split houses")
    split = {"method": "column", "column": "part"}
    sweep = submitted(
        dataset="split houses",
        target=["price", "rent"],
        features=["size", "street", "garden"],
        split=split,
        **SETTINGS,
    ).public_id
    runs = trained(worker_context, sweep)
    assert {run.state for run in runs} == {"completed"}
    owner = worker_context.database.run(local_owner)
    best = max(runs, key=score)
    assert score(best) > 0.8
    with worker_context.database.read() as session:
        stored = session.scalars(select(Sweep)).one()
        assert {part: stored.split_counts[part] for part in ("train", "validation", "test")} == {
            "train": 60, "validation": 15, "test": 15,
        }  # fmt: skip
        network = find_trained(session, owner, best.public_id, "final")
        answers = answer(network, table_of_run(session, owner, best.public_id))
    assert isinstance(answers, NumberAnswers)
    assert answers.columns == ("price", "rent")
    assert answers.values.shape == (90, 2)


def test_exact_counts_and_an_ordered_split_hold_for_an_uploaded_table(
    worker_context: Context, submitted: Submit, upload: Upload
) -> None:
    upload(houses(), "houses", target="price")
    split = {"method": "ordered", "train": 50, "validation": 20, "test": 10}
    submitted(dataset="houses", split=split, **SETTINGS)
    with worker_context.database.read() as session:
        stored = session.scalars(select(Sweep).execution_options(populate_existing=True)).one()
        counts = dict(stored.split_counts)
    assert (counts["train"], counts["validation"], counts["test"], counts["resample"]) == (50, 20, 10, False)


def test_a_dataset_that_was_replaced_between_two_submits_is_told_apart_by_its_content(
    worker_context: Context, submitted: Submit, upload: Upload
) -> None:
    first = upload(houses(), "houses", target="sold")
    owner = worker_context.database.run(local_owner)
    delete_dataset(worker_context.database, owner, first)
    second = upload(houses(60), "houses", target="sold")
    assert second != first
    submitted(dataset="houses", **SETTINGS)
    with worker_context.database.read() as session:
        stored = session.scalars(select(Dataset)).one()
        assert (stored.public_id, stored.row_count) == (second, 60)
        total = sum(
            session.scalars(select(Sweep)).one().split_counts[part]
            for part in ("train", "validation", "test")
        )
    assert total == 60
    assert json.dumps(stored.columns)  # what answers rows later is kept beside the content
