"""A dataset reaches its workers through the database, whatever machine they are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.datasets import builtin
from service.datasets.description import Description, describe
from service.datasets.packed import hash_of_packed, pack, unpack
from service.datasets.reading.process import UploadedTable
from service.datasets.table import Table
from service.errors import Conflict, Fault, InvalidSubmission, NotFound
from service.lifecycle.audit import MADE
from service.lifecycle.limits import Limits, require_room
from service.lifecycle.recent import Recent
from service.planning.plain_text import did_you_mean
from service.store import dataset_queries
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import Dataset, Run, Sweep
from service.store.sweep_queries import DatasetName
from service.store.upsert import insert_ignoring_duplicates

# Reading a table takes longer than planning a sweep over it; a row is never changed, so none is out of date.
RECENT: Recent[Table] = Recent(most=1_000, most_bytes=64 * 2**20)
NAMES_SHOWN = 20  # of an owner's datasets, the newest, where one is not found
SWEEPS_SHOWN = 5  # of those that keep a dataset from being deleted


@dataclass(frozen=True, slots=True)
class Particulars:
    """What its owner says of a dataset; None says nothing."""

    target: str | None = None
    licence: str | None = None
    source: str | None = None
    notes: str | None = None


def find_table(session: Session, owner_id: int, name: str) -> Table:
    """The owner's dataset of this name or identifier, or the built-in one.

    Raises:
        InvalidSubmission: there is no such dataset.
    """
    row = session.scalar(
        select(Dataset).where(
            Dataset.owner_id == owner_id, (Dataset.name == name) | (Dataset.public_id == name)
        )
    )
    if row is None:
        if name not in builtin.names():
            raise _unknown(session, owner_id, name)
        return builtin.load(name)
    return _table_of(session, row)


def table_of_run(session: Session, owner_id: int, public_id: str) -> Table:
    """The table that a run was trained on.

    Raises:
        NotFound: the owner has no such run.
    """
    row = session.scalar(
        select(Dataset)
        .join(Sweep, Sweep.dataset_id == Dataset.id)
        .join(Run, Run.sweep_id == Sweep.id)
        .where(Run.public_id == public_id, Run.owner_id == owner_id)
    )
    if row is None:
        raise NotFound(f"there is no run {public_id} over a dataset")
    return _table_of(session, row)


def read_table(row: Dataset) -> Table:
    """The stored table."""
    return Table.decode(
        unpack(row.content, row.byte_count),
        name=row.name,
        licence=row.licence or "",
        source=row.source or "",
        target=row.default_target,
    )


def keep_table(session: Session, owner_id: int, table: Table) -> tuple[int, DatasetName]:
    """Store a table under its name unless the owner has it already; its key and name.

    Of many sweeps in one transaction only the first looks for it.

    Raises:
        Conflict: the owner has another table of this name, since a moment ago.
    """
    kept: dict[tuple[int, str], tuple[int, DatasetName]] = session.info.setdefault("kept tables", {})
    if (owner_id, table.name) not in kept:
        kept[owner_id, table.name] = _keep_table(session, owner_id, table)
    key, name = kept[owner_id, table.name]
    if name.content_hash != table.content_hash:
        raise Conflict(f"the dataset {table.name!r} was replaced by another one at this moment; submit again")
    return key, name


def _keep_table(session: Session, owner_id: int, table: Table) -> tuple[int, DatasetName]:
    names = (Dataset.id, Dataset.public_id, Dataset.name, Dataset.content_hash)
    which = select(*names).where(Dataset.owner_id == owner_id, Dataset.name == table.name)
    found = session.execute(which).one_or_none()
    if found is None:
        content = table.encode()
        row = _row(owner_id, table.name, table.content_hash, len(content), pack(content), describe(table))
        row |= {"licence": table.licence or None, "source": table.source or None}
        insert_ignoring_duplicates(session, Dataset, [row])
        found = session.execute(which).one()
    return found.id, DatasetName(found.public_id, found.name, found.content_hash)


def keep_upload(
    database: Database,
    owner_id: int,
    name: str,
    table: UploadedTable,
    told: Particulars,
    limits: Limits | None = None,
) -> tuple[str, bool]:
    """Store an uploaded table under this name; its public identifier, and whether it is new.

    Raises:
        Conflict: the name stands for another table, or for this one with other particulars.
        LimitReached: the owner has as many bytes as the key allows.
    """
    if name in builtin.names():
        raise Conflict(f"{name!r} is a dataset that comes with Backsweep; choose another name")
    if hash_of_packed(table.content) != (table.content_hash, table.byte_count):
        raise ValueError("an uploaded table does not have the hash that its reader said")
    description = table.description
    row = _row(owner_id, name, table.content_hash, table.byte_count, table.content, description)
    row |= {"licence": told.licence, "source": told.source, "notes": told.notes}

    def store(session: Session) -> tuple[str, bool]:
        known = dataset_queries.find_dataset(session, owner_id, name)
        if known is None:
            require_room(session, owner_id, limits, stored=table.byte_count)
            session.info[MADE] = row["public_id"]
            insert_ignoring_duplicates(session, Dataset, [row])
            known = dataset_queries.find_dataset(session, owner_id, name)
            assert known is not None, "it is there, by this transaction or by another"  # noqa: S101
        _require_the_same(known, table, told)
        return known.public_id, known.public_id == row["public_id"]

    return database.run(store)


def describe_stored(session: Session, row: Dataset) -> Description:
    """What is shown of a stored table; one of an earlier version is looked at now."""
    if row.description is not None:
        return Description.from_json(row.description)
    session.refresh(row, ["content"])
    return describe(read_table(row))


def delete_dataset(database: Database, owner_id: int, name_or_id: str) -> None:
    """Delete a dataset of the owner for good.

    Raises:
        NotFound: the owner has no such dataset.
        Conflict: it comes with Backsweep, or a sweep uses it.
    """

    def remove(session: Session) -> None:
        row = dataset_queries.find_dataset(session, owner_id, name_or_id)
        if name_or_id in builtin.names() or (row is not None and row.name in builtin.names()):
            raise Conflict(f"the dataset {row.name if row else name_or_id!r} comes with Backsweep and stays")
        if row is None:
            raise NotFound(f"there is no dataset {name_or_id}")
        if not dataset_queries.delete_unused(session, row.id):
            raise Conflict(_in_use(session, row))

    try:
        database.run(remove)
    except IntegrityError:  # a sweep was submitted at this moment
        raise Conflict(f"the dataset {name_or_id!r} is used by a sweep") from None


def _row(
    owner_id: int, name: str, content_hash: str, byte_count: int, packed: bytes, description: Description
) -> dict[str, Any]:
    return {
        "public_id": new_id("d"),
        "owner_id": owner_id,
        "name": name,
        "content_hash": content_hash,
        "columns": {
            "columns": [{"name": column.name, "kind": column.stored_kind} for column in description.columns],
            "target": description.target,
        },
        "row_count": description.rows,
        "column_count": len(description.columns),
        "byte_count": byte_count,
        "content": packed,
        "default_target": description.target,
        "task": description.task,
        "description": description.to_json(),
        "notes": None,
        "created_at": now(),
    }


def _require_the_same(known: Dataset, table: UploadedTable, told: Particulars) -> None:
    if known.content_hash != table.content_hash:
        raise Conflict(
            f"the dataset {known.name!r} ({known.public_id}) has another content, {known.row_count:,} rows "
            f"with SHA-256 {known.content_hash[:12]}…, and a dataset never changes: choose another name, or "
            "delete it first"
        )
    particulars = {
        "target": (known.default_target, told.target),
        "licence": (known.licence, told.licence),
        "source": (known.source, told.source),
        "notes": (known.notes, told.notes),
    }
    for what, (stored, said) in particulars.items():
        if said is not None and said != stored:
            raise Conflict(
                f"the dataset {known.name!r} ({known.public_id}) has the same content, but its {what} is "
                f"{stored!r}, not {said!r}, and a dataset never changes: choose another name, or delete it "
                "first"
            )


def _table_of(session: Session, row: Dataset) -> Table:
    if row.name in builtin.names() and builtin.load(row.name).content_hash == row.content_hash:
        return builtin.load(row.name)

    def read() -> Table:
        session.refresh(row, ["content"])
        return read_table(row)

    return RECENT.get(row.public_id, read, lambda _: row.byte_count)


def _unknown(session: Session, owner_id: int, name: str) -> InvalidSubmission:
    own = dataset_queries.list_datasets(session, owner_id, limit=NAMES_SHOWN, but=builtin.names())
    names = [*(row.name for row in own), *builtin.names()]
    message = f"no dataset is called {name!r}{did_you_mean(name, names)}"
    return InvalidSubmission([Fault("dataset", message, name, ", ".join(names))])


def _in_use(session: Session, row: Dataset) -> str:
    count, shown = dataset_queries.sweeps_of(session, row.id, limit=SWEEPS_SHOWN)
    more = f" and {count - len(shown):,} more" if count > len(shown) else ""
    used = "1 sweep" if count == 1 else f"{count:,} sweeps"
    return f"the dataset {row.name!r} is used by {used} ({', '.join(shown)}{more}): delete those first"
