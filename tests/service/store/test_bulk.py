"""Many rows at once come out as they went in, on both databases, whatever they hold."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from service.planning.measurements import ROW
from service.store import bulk
from service.store.arrays import element
from service.store.bulk import insert_mappings, insert_rows, update_rows
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import LossRow, Run, Weights
from service.store.written_json import as_json
from tests.service.api import building

WEIGHTS = ("run_id", "which", "epoch", "weights_sha256", "content")


@pytest.fixture
def runs(database: Database) -> list[int]:
    """The keys of three runs of one population."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "me"))
        return [building.run(session, sweep, number).id for number in (1, 2, 3)]


def _weights(database: Database) -> list[tuple[Any, ...]]:
    columns = [getattr(Weights, name) for name in WEIGHTS]
    with database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(Weights.run_id))]


def _runs(database: Database, *columns: str) -> list[tuple[Any, ...]]:
    with database.read() as session:
        found = session.execute(select(*(getattr(Run, name) for name in columns)).order_by(Run.number))
        return [tuple(row) for row in found]


def test_numbers_and_nulls_come_out_to_the_bit(database: Database, runs: list[int]) -> None:
    values = [0.1, -1.5, 5e-324, 1.7976931348623157e308, 1 / 3, None, 2.0]
    rows = [(runs[0], epoch, *values[epoch:], *values[:epoch], 3) for epoch in (1, 2)]
    with database.write() as session:
        insert_rows(session, LossRow, ROW, rows)
    with database.read() as session:
        stored = [tuple(row) for row in session.execute(select(*LossRow.__table__.columns))]
    assert [list(map(repr, row)) for row in stored] == [list(map(repr, row)) for row in rows]


def test_what_is_there_stays_as_it_is(database: Database, runs: list[int]) -> None:
    with database.write() as session:
        insert_rows(session, Weights, WEIGHTS, [(runs[0], "final", 1, "a" * 64, b"first")])
        insert_rows(session, Weights, WEIGHTS, [])
        again = [(run, "final", 2, "b" * 64, b"") for run in runs[:2]]
        insert_rows(session, Weights, WEIGHTS, again)
    assert _weights(database) == [(runs[0], "final", 1, "a" * 64, b"first"), again[1]]


def test_mappings_are_stored_as_sqlalchemy_stores_them(database: Database, runs: list[int]) -> None:
    names = ("owner_id", "sweep_id", "population_id", "configuration_id", "seed", "epochs", "identity_sha256")
    documents: list[dict[str, Any]] = [
        {"metrics": {}, "replay": None},
        {"metrics": {"a": [1, 0.5], "b": "it's"}, "replay": {"epoch": 3}},
    ]
    with database.write() as session:
        known = session.execute(select(*Run.__table__.columns).where(Run.id == runs[0])).mappings().one()
        some, same = (
            [
                {**{name: known[name] for name in names}, "public_id": new_id("r"), "number": number, **each}
                for number, each in enumerate(documents, first)
            ]
            for first in (11, 21)
        )
        insert_mappings(session, Run, some)
        session.execute(insert(Run.__table__), same)  # type: ignore[arg-type]  # a Table
    own = {"id", "public_id", "number"}
    with database.read() as session:
        rows = session.execute(text("SELECT * FROM runs WHERE number > 10 ORDER BY number")).mappings()
        stored = [{name: value for name, value in row.items() if name not in own} for row in rows]
    assert stored[:2] == stored[2:]
    assert len(stored) == 4


def test_a_mapping_that_is_there_already_is_refused_or_left_out(database: Database, runs: list[int]) -> None:
    row = {"run_id": runs[0], "which": "final", "epoch": 1, "weights_sha256": "a" * 64, "content": b"first"}
    with database.write() as session:
        insert_mappings(session, Weights, [row])
        insert_mappings(session, Weights, [row | {"content": b"second"}], unless_there=True)
        insert_mappings(session, Weights, [])
    with pytest.raises(IntegrityError), database.write() as session:
        insert_mappings(session, Weights, [row])
    assert _weights(database) == [tuple(row.values())]


def test_bytes_that_are_too_many_for_one_statement_go_in_several(
    database: Database, runs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST_BYTES", 200)
    rows = [(run, "final", 1, "a" * 64, bytes(range(256))[: 100 + run]) for run in runs]
    with database.write() as session:
        insert_rows(session, Weights, WEIGHTS, rows)
    assert _weights(database) == rows


def test_runs_are_changed_by_their_keys_and_only_where_they_are_held(
    database: Database, runs: list[int]
) -> None:
    with database.write() as session:
        first = session.get_one(Run, runs[0])
        first.state = "running"
        population = first.population_id
    columns = ("epoch", "train_loss", "best_epoch", "metrics", "reason", "collapsed", "test_outcomes")
    document = {"a": {"last": 0.1}, "words": 'he said "no", \\ {braces}, ä'}
    changes = [
        (run, 4, 0.25, None, as_json(document), "it's over, NULL", True, b"\0\xff") for run in reversed(runs)
    ]
    holding = {"population_id": population, "state": "running"}
    with database.write() as session:
        update_rows(session, Run, columns, changes, where=holding, also={"finished_at": now()})
        update_rows(session, Run, columns, [], where=holding, also={})
    found = _runs(database, *columns)
    assert found[0] == (4, 0.25, None, document, "it's over, NULL", True, b"\0\xff")
    assert {row[0] for row in found[1:]} == {0}, "the others are not running"
    ended = _runs(database, "finished_at")
    assert ended[0][0] > 1_600_000_000_000
    assert ended[1:] == [(None,), (None,)]


def test_an_array_with_a_null_holds_what_one_without_holds() -> None:
    number = element("DOUBLE PRECISION")
    whole, with_null = number.pack([0.5, -2.0]), number.pack([0.5, None, -2.0])
    cells = [struct.pack(">id", 8, value) for value in (0.5, -2.0)]
    assert whole[20:] == cells[0] + cells[1]
    assert with_null[20:] == cells[0] + b"\xff" * 4 + cells[1]
    assert struct.unpack(">iiiii", with_null[:20]) == (1, 1, 701, 3, 1)
