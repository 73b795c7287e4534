"""Who sweeps and datasets belong to: whoever runs the service, and everyone who was given a key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.store.clock import now
from service.store.schema import ApiKey, LoginSession, Owner, Sweep
from service.store.upsert import insert_ignoring_duplicates

LOCAL_OWNER = "local"


def local_owner(session: Session) -> int:
    """The key of the one owner of a single-user service, made at the first call."""
    return find_or_make_owner(session, LOCAL_OWNER)


def find_or_make_owner(session: Session, name: str) -> int:
    """The key of the owner of this name, who is made if there is none.

    Raises:
        Conflict: the owner has been revoked.
    """
    known = select(Owner.id, Owner.revoked_at).where(Owner.name == name)
    found = session.execute(known).one_or_none()
    if found is None:
        insert_ignoring_duplicates(session, Owner, [{"name": name, "created_at": now()}])
        found = session.execute(known).one()
    if found.revoked_at is not None:
        raise Conflict(f"owner {name!r} has been revoked; use another name")
    return int(found.id)


def revoke_owner(session: Session, public_id: str) -> None:
    """End an owner's keys and sessions, for good; sweeps and datasets stay. Again changes nothing.

    Raises:
        NotFound: there is no such owner.
        Conflict: it is the owner whom the service's own token speaks for.
    """
    row = find_owner(session, public_id)
    if row.Owner.name == LOCAL_OWNER:
        raise Conflict("the local owner is the service's own and cannot be revoked")
    session.execute(
        update(Owner).where(Owner.id == row.Owner.id, Owner.revoked_at.is_(None)).values(revoked_at=now())
    )
    for table in (ApiKey, LoginSession):
        session.execute(
            update(table)
            .where(table.owner_id == row.Owner.id, table.revoked_at.is_(None))
            .values(revoked_at=now())
        )


def find_owner(session: Session, public_id: str) -> Row[*tuple[Any, ...]]:
    """An owner with what is theirs.

    Raises:
        NotFound: there is no such owner.
    """
    found = session.execute(_with_counts().where(Owner.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(f"there is no owner {public_id}")
    return found


def owner_of_key(session: Session, owner_id: int) -> Row[*tuple[Any, ...]]:
    """Public id and name of the owner with this key in the store."""
    return session.execute(select(Owner.public_id, Owner.name).where(Owner.id == owner_id)).one()


def list_owners(session: Session, *, limit: int, before: int | None = None) -> list[Row[*tuple[Any, ...]]]:
    """At most `limit` owners with what is theirs, the newest first, behind the one with key `before`."""
    statement = _with_counts().order_by(Owner.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Owner.id < before)
    return list(session.execute(statement).all())


def _with_counts() -> Any:
    keys = select(func.count()).where(
        ApiKey.owner_id == Owner.id,
        ApiKey.revoked_at.is_(None),
        (ApiKey.expires_at.is_(None)) | (ApiKey.expires_at > now()),
    )
    mine = Sweep.owner_id == Owner.id
    runs = select(func.coalesce(func.sum(Sweep.queued_count + Sweep.paused_count), 0)).where(mine)
    return select(
        Owner,
        keys.scalar_subquery().label("keys"),
        select(func.count()).where(mine).scalar_subquery().label("sweeps"),
        runs.scalar_subquery().label("waiting"),
    )
