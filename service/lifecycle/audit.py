"""What was done, by whom, is written down in the transaction that does it; never a secret, never data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from service.store.bulk import insert_mappings
from service.store.clock import now
from service.store.database import Note
from service.store.schema import AuditEntry, Owner

DONE = "done"
MADE = "made"  # in a session's `info`: the identifier of what its transaction makes
REFUSED = "refused"
MOST_ACTION = 40  # characters, by the column
MOST_OBJECT = 100
MOST_ADDRESS = 64

_CLOCK = select(now())


@dataclass(slots=True)
class Deed:
    """What one request is about to do: noted once, by the first transaction of it that writes."""

    action: str
    owner_id: int | None
    credential: str | None = None
    object_id: str | None = None
    request_id: str | None = None
    address: str | None = None
    noted: bool = False

    def note(self, session: Session, result: str = DONE) -> None:
        """Write it down, at the end of a transaction that may still fail."""
        if not self.noted:
            audit(
                session,
                self.action,
                self.owner_id,
                object_id=self.object_id or session.info.get(MADE),
                result=result,
                request_id=self.request_id,
                credential=self.credential,
                address=self.address,
            )

    def row(self, at: int, made: str | None) -> dict[str, object]:
        """The same as a row, written at this time of the database's clock."""
        about = self.object_id or made
        return {
            "at": at,
            "owner_id": self.owner_id,
            "credential": self.credential,
            "address": None if self.address is None else self.address[:MOST_ADDRESS],
            "action": self.action[:MOST_ACTION],
            "object_id": None if about is None else about[:MOST_OBJECT],
            "result": DONE,
            "request_id": self.request_id,
        }

    def committed(self) -> None:
        """The transaction has not failed."""
        self.noted = True


@dataclass(slots=True)
class Together:
    """What several requests do in one transaction, noted with one statement.

    `done` is told in the transaction: each note with what its request makes, None where that is nothing.
    """

    done: Sequence[tuple[Note, str | None]] = ()

    def note(self, session: Session) -> None:
        """Write all of it down."""
        moment = session.scalars(_CLOCK).one()
        rows = []
        for note, made in self.done:
            if not isinstance(note, Deed):
                note.note(session)
            elif not note.noted:
                rows.append(note.row(moment, made))
        insert_mappings(session, AuditEntry, rows)

    def committed(self) -> None:
        """The transaction has not failed."""
        for note, _made in self.done:
            note.committed()


def audit(
    session: Session,
    action: str,
    owner_id: int | None,
    *,
    object_id: str | None = None,
    result: str = DONE,
    request_id: str | None = None,
    credential: str | None = None,
    address: str | None = None,
) -> None:
    """Add one row."""
    session.execute(
        insert(AuditEntry).values(
            at=now(),
            owner_id=owner_id,
            credential=credential,
            address=None if address is None else address[:MOST_ADDRESS],
            action=action[:MOST_ACTION],
            object_id=None if object_id is None else object_id[:MOST_OBJECT],
            result=result,
            request_id=request_id,
        )
    )


def list_entries(
    session: Session, *, owner: str | None, limit: int, before: int | None = None
) -> list[Row[*tuple[Any, ...]]]:
    """At most `limit` rows with their owners' names, the newest first, behind the one with key `before`."""
    statement = (
        select(AuditEntry, Owner.public_id, Owner.name)
        .outerjoin(Owner, Owner.id == AuditEntry.owner_id)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    if owner is not None:
        statement = statement.where(Owner.public_id == owner)
    if before is not None:
        statement = statement.where(AuditEntry.id < before)
    return list(session.execute(statement).all())
