"""What is exported is what the interface answers, in files that other programs read."""

from __future__ import annotations

import csv
import gc
import io
import json
import math
from collections.abc import Iterator
from typing import Any

import polars as pl
import psutil
import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from service.api.exports.parquet import parquet_pieces
from service.api.exports.texts import csv_pieces, json_lines
from service.lifecycle.owners import local_owner
from service.planning.export_columns import LOSS_COLUMNS, TASKS, Kind, all_fields, run_columns
from service.store.database import Database
from service.store.export_queries import losses_of_sweep
from service.store.schema import Run
from tests.service.api import building

FORMATS = ("csv", "jsonl", "parquet")
HOSTILE = "=HYPERLINK(1)"
NAN, INFINITY = math.nan, math.inf


@pytest.fixture
def sweep(database: Database) -> str:
    """Three runs: one with losses that are not finite, one whose text is a formula, one that waits."""
    with database.write() as session:
        row = building.sweep(session, local_owner(session))
        metrics = {"validation_loss": {"last": 0.25, "best": 0.25, "min": 0.25, "max": "Infinity"}}
        first = building.run(session, row, 1, metrics=metrics, epoch=3, validation_loss=0.25)
        building.losses(session, first, [INFINITY, NAN, 0.1 + 0.2])
        second = building.run(session, row, 2, learning_rate=-0.5, reason=HOSTILE, state="failed")
        building.losses(session, second, [0.5, None])
        building.run(session, row, 3, learning_rate=1.0)
        return row.public_id


def exported(client: TestClient, path: str, form: str, **query: str) -> pl.DataFrame:
    answer = client.get(f"/api/v1{path}", params={"format": form, **query})
    assert answer.status_code == 200, answer.text
    if form == "parquet":
        return pl.read_parquet(answer.content)
    if form == "csv":
        return pl.read_csv(answer.content, infer_schema=False)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return pl.DataFrame(lines, infer_schema_length=None)


def as_number(value: Any) -> float | None:
    return None if value is None else float(value)


@pytest.mark.parametrize("form", FORMATS)
def test_losses_are_those_that_the_interface_answers(form: str, client: TestClient, sweep: str) -> None:
    frame = exported(client, f"/sweeps/{sweep}/export", form, what="losses")
    assert frame.columns == [name for name, _kind in LOSS_COLUMNS]
    runs = client.get("/api/v1/runs", params={"sweep": sweep}).json()["items"]
    answered = []
    for run in runs:
        table = client.get(f"/api/v1/runs/{run['id']}/losses").json()
        answered += [
            [run["id"], float(run["number"]), float(run["seed"]), *map(as_number, row)]
            for row in table["rows"]
        ]
    assert len(answered) == 5
    numbers = ["number", "seed", *frame.columns[4:]]
    for found, expected in zip(frame.iter_rows(named=True), answered, strict=True):
        assert found["run"] == expected[0]
        assert building.same_numbers([as_number(found[name]) for name in numbers], expected[1:])


@pytest.mark.parametrize("form", FORMATS)
def test_runs_have_their_settings_and_metrics_as_columns(form: str, client: TestClient, sweep: str) -> None:
    frame = exported(client, f"/sweeps/{sweep}/export", form)
    columns = run_columns(["classification"], ["learning_rate", "hidden_layers", "epochs"])
    assert frame.columns == [column.name for column in columns]
    rows = frame.to_dicts()
    assert [int(row["number"]) for row in rows] == [1, 2, 3]
    assert [float(row["params.learning_rate"]) for row in rows] == [0.1, -0.5, 1.0]
    assert {row["params.hidden_layers"] for row in rows} == {"[8]"}
    assert [as_number(row["metrics.validation_loss"]) for row in rows] == [0.25, None, None]
    assert as_number(rows[0]["metrics.validation_loss.max"]) == INFINITY
    ids = [run["id"] for run in client.get("/api/v1/runs", params={"sweep": sweep}).json()["items"]]
    assert [row["run"] for row in rows] == ids


def test_text_that_a_spreadsheet_would_run_is_made_harmless_in_csv_alone(
    client: TestClient, sweep: str
) -> None:
    text = client.get(f"/api/v1/sweeps/{sweep}/export").text
    (row,) = [row for row in csv.DictReader(io.StringIO(text)) if row["number"] == "2"]
    assert row["reason"] == f"'{HOSTILE}"
    assert row["params.learning_rate"] == "-0.5"  # a number is no text
    lines = client.get(f"/api/v1/sweeps/{sweep}/export?format=jsonl").text.splitlines()
    assert json.loads(lines[1])["reason"] == HOSTILE


def test_a_file_says_what_it_is_and_how_to_call_it(client: TestClient, sweep: str) -> None:
    types = {"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet"}
    for form, media_type in types.items():
        answer = client.get(f"/api/v1/sweeps/{sweep}/export?format={form}&what=losses")
        assert answer.headers["content-type"].startswith(media_type)
        expected = f'attachment; filename="{sweep}-losses.{form}"'
        assert answer.headers["content-disposition"] == expected
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("form", FORMATS)
def test_runs_of_all_sweeps_are_exported_by_a_filter(
    form: str, client: TestClient, sweep: str, database: Database
) -> None:
    with database.write() as session:
        another = building.sweep(session, local_owner(session), task="function")
        building.run(session, another, 1, learning_rate=2.0)
        theirs = building.sweep(session, building.owner(session, "somebody else"))
        building.run(session, theirs, 1, learning_rate=9.0)
    frame = exported(client, "/runs/export", form, filter="params.learning_rate >= 0.5")
    assert frame.columns == [column.name for column in run_columns(TASKS, all_fields())]
    assert [float(rate) for rate in frame["params.learning_rate"]] == [1.0, 2.0]
    assert exported(client, "/runs/export", form)["sweep"].to_list() == [sweep] * 3 + [another.public_id]


def test_more_runs_than_one_piece_come_in_their_order(
    client: TestClient, sweep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.export_queries.RUNS_AT_ONCE", 2)
    monkeypatch.setattr("service.store.export_queries.RUNS_OF_LOSSES", 2)
    for path, what in ((f"/sweeps/{sweep}/export", "runs"), ("/runs/export", "")):
        query = {"what": what} if what else {}
        assert [int(n) for n in exported(client, path, "jsonl", **query)["number"]] == [1, 2, 3]
    numbers = exported(client, f"/sweeps/{sweep}/export", "parquet", what="losses")["number"].to_list()
    assert numbers == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("form", FORMATS)
def test_an_empty_sweep_makes_a_file_without_rows(form: str, client: TestClient, database: Database) -> None:
    with database.write() as session:
        empty = building.sweep(session, local_owner(session)).public_id
    for what in ("runs", "losses"):
        answer = client.get(f"/api/v1/sweeps/{empty}/export", params={"format": form, "what": what})
        assert answer.status_code == 200
        if form == "parquet":
            assert pl.read_parquet(answer.content).height == 0
        else:
            assert len(answer.text.splitlines()) == (1 if form == "csv" else 0)


def test_what_cannot_be_exported_is_refused_before_the_file_begins(client: TestClient, sweep: str) -> None:
    assert client.get(f"/api/v1/sweeps/{building.new_id('s')}/export").status_code == 404
    assert client.get(f"/api/v1/sweeps/{sweep}/export?format=xlsx").status_code == 422
    assert client.get(f"/api/v1/sweeps/{sweep}/export?what=weights").status_code == 422
    refused = client.get("/api/v1/runs/export", params={"filter": "metrics.validation_los < 1"})
    assert refused.status_code == 422
    assert client.get("/api/v1/runs/export?fliter=x").status_code == 422


def test_another_owners_sweep_is_not_there(other_client: TestClient, sweep: str) -> None:
    assert other_client.get(f"/api/v1/sweeps/{sweep}/export").status_code == 404
    assert len(other_client.get("/api/v1/runs/export").text.splitlines()) == 1


def test_no_two_columns_have_one_name_and_their_order_is_the_same_everywhere() -> None:
    everything = [column.name for column in run_columns(TASKS, all_fields())]
    assert len(set(everything)) == len(everything)
    for task in TASKS:
        some = [column.name for column in run_columns([task], ["learning_rate", "dropout"])]
        assert some == [name for name in everything if name in set(some)]
    kinds = {column.name: column.kind for column in run_columns(TASKS, all_fields())}
    assert kinds["params.hidden_layers"] is Kind.TEXT
    assert kinds["params.batch_size"] is Kind.INTEGER
    assert kinds["params.dropout"] is Kind.NUMBER
    assert kinds["params.restore_best"] is Kind.FLAG
    assert kinds["params.optimizer"] is Kind.TEXT


def test_memory_does_not_grow_with_the_length_of_an_export(database: Database) -> None:
    """As measured over a million rows, which takes half a minute: 2 MB from the first tenth to the end."""
    runs, epochs = 120, 1000
    with database.write() as session:
        row = building.sweep(session, local_owner(session))
        first = building.run(session, row, 1)
        values = {c.name: getattr(first, c.name) for c in Run.__table__.columns if c.name != "id"}
        others = [values | {"number": n, "public_id": building.new_id("r")} for n in range(2, runs + 1)]
        session.execute(insert(Run), others)
        keys = session.scalars(select(Run.id).where(Run.sweep_id == row.id)).all()
        statement = "INSERT INTO losses (run_id, epoch, train_loss, validation_loss) VALUES (?, ?, ?, ?)"
        losses = [(key, epoch, 1 / epoch, 0.1 * key) for key in keys for epoch in range(1, epochs + 1)]
        session.connection().connection.cursor().executemany(statement, losses)
        sweep = row.id
        del losses
    for write in (csv_pieces, json_lines, parquet_pieces):
        gc.collect()
        watched = Watched(losses_of_sweep(database, sweep))
        for _ in write(LOSS_COLUMNS, watched):
            continue
        assert watched.rows == runs * epochs
        assert watched.late - watched.early < 24_000_000, write  # the rows themselves are 100 MB in Python


class Watched:
    """Passes pieces on, and looks at this process's memory between them."""

    def __init__(self, pieces: Iterator[Any]) -> None:
        self._pieces, self._process = pieces, psutil.Process()
        self.rows = self.early = self.late = 0

    def __iter__(self) -> Iterator[Any]:
        for piece in self._pieces:
            found = self._process.memory_info().rss
            if self.rows <= 40_000:
                self.early = max(self.early, found)
            self.late = max(self.late, found)
            self.rows += len(piece)
            yield piece
