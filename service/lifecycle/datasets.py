"""A dataset reaches its workers through the database, whatever machine they are on."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from service.datasets import builtin
from service.datasets.table import Table
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import Dataset
from service.store.upsert import insert_ignoring_duplicates


def find_table(session: Session, owner_id: int, name: str) -> Table:
    """The owner's dataset of this name or identifier, or the built-in one.

    Raises:
        InvalidSubmission: there is no such dataset.
    """
    row = session.scalar(
        select(Dataset)
        .where(Dataset.owner_id == owner_id, (Dataset.name == name) | (Dataset.public_id == name))
        .options(undefer(Dataset.content))
    )
    return builtin.load(name) if row is None else read_table(row)


def read_table(row: Dataset) -> Table:
    """The stored table."""
    return Table.decode(row.content, name=row.name, licence=row.licence or "", source=row.source or "")


def keep_table(session: Session, owner_id: int, table: Table) -> int:
    """Store a table under its name unless the owner has it already; its key."""
    key = select(Dataset.id).where(Dataset.owner_id == owner_id, Dataset.name == table.name)
    found = session.scalar(key)
    if found is not None:
        return found
    content = table.encode()
    row = {
        "public_id": new_id("d"),
        "owner_id": owner_id,
        "name": table.name,
        "content_hash": table.content_hash,
        "columns": {
            "columns": [{"name": column.name, "kind": column.kind} for column in table.columns],
            "target": table.default_target,
        },
        "row_count": table.rows,
        "byte_count": len(content),
        "content": content,
        "licence": table.licence or None,
        "source": table.source or None,
        "created_at": now(),
    }
    insert_ignoring_duplicates(session, Dataset, [row])
    return session.scalars(key).one()
