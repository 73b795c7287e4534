"""Reading the names of stored datasets; their content stays where it is."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.schema import Dataset


def list_datasets(session: Session, owner_id: int) -> Sequence[Dataset]:
    """An owner's datasets by name."""
    return session.scalars(select(Dataset).where(Dataset.owner_id == owner_id).order_by(Dataset.name)).all()
