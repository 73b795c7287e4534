"""Who has a part in this service, and the audit of what they did; for who has the scope admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from service.api.context import Here
from service.api.cursors import decode, page
from service.api.problems import documented
from service.api.routes.keys import OWNER_ID, KeysQuery, PageQuery
from service.api.schemas.access import AuditPage, AuditRow, Owners, OwnerShown
from service.lifecycle.audit import list_entries
from service.lifecycle.owners import find_owner, list_owners, revoke_owner

router = APIRouter(tags=["access"])

OwnerId = Annotated[str, Path(pattern=OWNER_ID, description="`o_` and a UUIDv7.")]


@router.get("/owners", summary="List owners", responses=documented(422))
def list_all_owners(here: Here, query: Annotated[PageQuery, Query()]) -> Owners:
    """List who has sweeps, datasets or keys here, the newest first."""
    before = None if query.cursor is None else decode(query.cursor, (int,))[0]
    with here.database.read() as session:
        rows = list_owners(session, limit=query.limit + 1, before=before)
    shown, cursor = page(rows, query.limit, lambda row: (row.Owner.id,))
    return Owners(items=[OwnerShown.of(row) for row in shown], next_cursor=cursor)


@router.post("/owners/{owner_id}:revoke", summary="Revoke an owner", responses=documented(404, 409))
def revoke(here: Here, owner_id: OwnerId) -> OwnerShown:
    """End all keys and sessions of an owner for good; sweeps and datasets stay. Again changes nothing."""
    with here.database.write() as session:
        revoke_owner(session, owner_id)
        row = find_owner(session, owner_id)
    return OwnerShown.of(row)


@router.get("/audit", summary="Read the audit", responses=documented(422))
def read_audit(here: Here, query: Annotated[KeysQuery, Query()]) -> AuditPage:
    """List who changed what, and which secrets were refused, the newest first. Rows are only ever added."""
    before = None if query.cursor is None else decode(query.cursor, (int,))[0]
    with here.database.read() as session:
        rows = list_entries(session, owner=query.owner, limit=query.limit + 1, before=before)
    shown, cursor = page(rows, query.limit, lambda row: (row.AuditEntry.id,))
    return AuditPage(items=[AuditRow.of(row) for row in shown], next_cursor=cursor)
