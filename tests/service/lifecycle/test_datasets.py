"""What a sweep was planned on is what it is stored with."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event, update

from service.datasets import builtin, csv_text
from service.datasets.description import describe
from service.datasets.packed import pack
from service.datasets.reading.process import UploadedTable
from service.datasets.table import Table
from service.errors import Conflict, InvalidSubmission, NotFound
from service.lifecycle import datasets
from service.lifecycle.datasets import Particulars
from service.lifecycle.owners import local_owner
from service.store import dataset_queries
from service.store.database import Database
from service.store.schema import Dataset

SMALL = csv_text.read("a,b\n1,2\n2,3\n", name="mine")
OTHER = csv_text.read("a,b\n1,2\n2,4\n", name="mine")


def uploaded(table: Table) -> UploadedTable:
    content = table.encode()
    return UploadedTable(pack(content), table.content_hash, len(content), describe(table))


def keep(database: Database, owner: int, table: Table) -> str:
    return datasets.keep_upload(database, owner, table.name, uploaded(table), Particulars())[0]


@pytest.fixture
def owner(database: Database) -> int:
    return database.run(local_owner)


def test_a_table_that_was_replaced_while_a_sweep_was_planned_is_a_conflict(
    database: Database, owner: int
) -> None:
    keep(database, owner, OTHER)
    with pytest.raises(Conflict, match="submit again"):
        database.run(lambda session: datasets.keep_table(session, owner, SMALL))


def test_a_table_that_was_deleted_while_a_sweep_was_planned_is_stored_again(
    database: Database, owner: int
) -> None:
    datasets.delete_dataset(database, owner, keep(database, owner, SMALL))
    key = database.run(lambda session: datasets.keep_table(session, owner, SMALL))
    assert key == database.run(lambda session: datasets.keep_table(session, owner, SMALL))
    with database.read() as session:
        assert datasets.find_table(session, owner, "mine").encode() == SMALL.encode()


def test_a_content_without_the_hash_that_its_reader_said_is_never_stored(
    database: Database, owner: int
) -> None:
    table = replace(uploaded(SMALL), content=uploaded(OTHER).content)
    with pytest.raises(ValueError, match="does not have the hash"):
        datasets.keep_upload(database, owner, "mine", table, Particulars())
    with pytest.raises(NotFound):
        datasets.delete_dataset(database, owner, "mine")


def test_a_content_is_read_once_for_all_submissions_and_a_built_in_one_never(
    database: Database, owner: int
) -> None:
    keep(database, owner, SMALL)
    database.run(lambda session: datasets.keep_table(session, owner, builtin.load("iris")))
    statements: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: statements.append(statement),
    )

    def contents() -> int:
        found = sum(
            "datasets.content " in each.split("FROM")[0].replace("\n", " ").replace(",", " ")
            for each in statements
        )
        statements.clear()
        return found

    with database.read() as session:
        assert datasets.find_table(session, owner, "mine").content_hash == SMALL.content_hash
        assert contents() == 1
        assert datasets.find_table(session, owner, "mine").content_hash == SMALL.content_hash
        assert datasets.find_table(session, owner, "iris") is builtin.load("iris")
        assert contents() == 0
        assert statements == []


def test_an_unknown_dataset_is_told_with_those_that_there_are(database: Database, owner: int) -> None:
    keep(database, owner, SMALL)
    with database.read() as session, pytest.raises(InvalidSubmission) as caught:
        datasets.find_table(session, owner, "mime")
    (fault,) = caught.value.faults
    assert "did you mean 'mine'" in fault.message
    assert fault.allowed == ", ".join(["mine", *builtin.names()])


def test_a_dataset_of_an_earlier_version_is_described_when_it_is_asked_for(
    database: Database, owner: int
) -> None:
    keep(database, owner, SMALL)
    with database.write() as session:
        session.execute(update(Dataset).values(description=None))
    with database.read() as session:
        row = dataset_queries.find_dataset(session, owner, "mine")
        assert row is not None
        assert datasets.describe_stored(session, row) == describe(SMALL)
