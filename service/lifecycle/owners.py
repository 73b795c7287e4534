"""Whoever runs the service on one machine owns what is made there."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import Owner
from service.store.upsert import insert_ignoring_duplicates

LOCAL_OWNER = "local"


def local_owner(session: Session) -> int:
    """The key of the one owner of a single-user service, made at the first call."""
    found = session.scalar(select(Owner.id).where(Owner.name == LOCAL_OWNER))
    if found is not None:
        return found
    insert_ignoring_duplicates(session, Owner, [{"name": LOCAL_OWNER, "created_at": now()}])
    return session.scalars(select(Owner.id).where(Owner.name == LOCAL_OWNER)).one()
