"""Reading and deleting datasets: each query names the owner, and contents stay where they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from service.store.schema import Dataset, Sweep


def list_datasets(
    session: Session,
    owner_id: int,
    *,
    limit: int,
    after: tuple[int, str] | None = None,
    but: Collection[str] = (),
) -> Sequence[Dataset]:
    """At most `limit` datasets not called `but`, the newest first, from behind the sort key `after`."""
    statement = (
        select(Dataset)
        .where(Dataset.owner_id == owner_id, Dataset.name.not_in(but))
        .order_by(Dataset.created_at.desc(), Dataset.public_id.desc())
        .limit(limit)
    )
    if after is not None:
        created_at, public_id = after
        statement = statement.where(
            or_(
                Dataset.created_at < created_at,
                and_(Dataset.created_at == created_at, Dataset.public_id < public_id),
            )
        )
    return session.scalars(statement).all()


def named_datasets(session: Session, owner_id: int, names: Collection[str]) -> Sequence[Dataset]:
    """The owner's datasets of these names."""
    return session.scalars(select(Dataset).where(Dataset.owner_id == owner_id, Dataset.name.in_(names))).all()


def find_dataset(session: Session, owner_id: int, name_or_id: str) -> Dataset | None:
    """One dataset with its description, if the owner has it. No name has the form of an identifier."""
    return session.scalar(
        select(Dataset)
        .where(
            Dataset.owner_id == owner_id,
            or_(Dataset.name == name_or_id, Dataset.public_id == name_or_id),
        )
        .options(undefer(Dataset.description))
    )


def sweeps_of(session: Session, dataset_id: int, *, limit: int) -> tuple[int, Sequence[str]]:
    """How many sweeps use a dataset, and the identifiers of the first of them."""
    uses = Sweep.dataset_id == dataset_id
    count = session.scalars(select(func.count()).select_from(Sweep).where(uses)).one()
    return count, session.scalars(
        select(Sweep.public_id).where(uses).order_by(Sweep.public_id).limit(limit)
    ).all()


def delete_unused(session: Session, dataset_id: int) -> bool:
    """Delete a dataset that no sweep uses; whether it was deleted."""
    unused = ~exists().where(Sweep.dataset_id == dataset_id)
    deleted = session.scalars(
        delete(Dataset).where(Dataset.id == dataset_id, unused).returning(Dataset.id)
    ).all()
    return bool(deleted)
