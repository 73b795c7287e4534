"""Choosing by test metrics is possible and counted: afterwards the test is no longer one (rule R8)."""

from __future__ import annotations

from sqlalchemy import update

from service.errors import NotFound
from service.store.database import Database
from service.store.schema import Sweep


def count_reveal(database: Database, owner_id: int, sweep: str) -> None:
    """Remember with the sweep that its runs are filtered or sorted by test metrics once more.

    Raises:
        NotFound: the owner has no such sweep.
    """
    with database.write() as session:
        found = session.scalars(
            update(Sweep)
            .where(Sweep.public_id == sweep, Sweep.owner_id == owner_id)
            .values(test_reveals=Sweep.test_reveals + 1)
            .returning(Sweep.id)
        ).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {sweep}")
