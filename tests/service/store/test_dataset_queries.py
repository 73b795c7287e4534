from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from service.store import dataset_queries
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Dataset
from tests.service.api import building


def dataset(session: Session, owner_id: int, name: str, **changes: Any) -> Dataset:
    row = Dataset(
        public_id=building.new_id("d"),
        owner_id=owner_id,
        name=name,
        content_hash="0" * 64,
        columns={"columns": [], "target": None},
        row_count=1,
        content=b"",
        **{"created_at": now(), **changes},
    )
    session.add(row)
    session.flush()
    return row


def test_datasets_are_listed_from_the_newest_to_their_owner_alone(database: Database) -> None:
    with database.write() as session:
        me, them = building.owner(session, "me"), building.owner(session, "them")
        for owner, name, age in ((me, "old", 1), (me, "new", 3), (them, "theirs", 2), (me, "middle", 2)):
            dataset(session, owner, name, created_at=age)
    with database.read() as session:
        listed = dataset_queries.list_datasets(session, me, limit=9)
        assert [row.name for row in listed] == ["new", "middle", "old"]
        first, second, _third = listed
        after = (first.created_at, first.public_id)
        behind = dataset_queries.list_datasets(session, me, limit=1, after=after, but=["new"])
        assert [row.name for row in behind] == [second.name]
        but = dataset_queries.list_datasets(session, me, limit=9, but=["middle"])
        assert [row.name for row in but] == ["new", "old"]


def test_a_dataset_is_found_by_name_or_identifier_by_its_owner_alone(database: Database) -> None:
    with database.write() as session:
        me, them = building.owner(session, "me"), building.owner(session, "them")
        mine, theirs = dataset(session, me, "x"), dataset(session, them, "y")
        for given in ("x", mine.public_id):
            found = dataset_queries.find_dataset(session, me, given)
            assert found is not None
            assert found.id == mine.id
        for given in ("y", theirs.public_id, "X", "", "%"):
            assert dataset_queries.find_dataset(session, me, given) is None


def test_a_dataset_goes_only_while_no_sweep_uses_it(database: Database) -> None:
    with database.write() as session:
        me = building.owner(session, "me")
        used, free = dataset(session, me, "used"), dataset(session, me, "free")
        sweeps = [building.sweep(session, me, dataset_id=used.id).public_id for _ in range(3)]
        assert dataset_queries.sweeps_of(session, used.id, limit=2) == (3, sweeps[:2])
        assert not dataset_queries.delete_unused(session, used.id)
        assert dataset_queries.delete_unused(session, free.id)
    with database.read() as session:
        listed = dataset_queries.list_datasets(session, me, limit=9)
        assert [row.name for row in listed] == ["used"]
