"""Keys for programs and for people who share a service: made, listed and ended by who has the scope admin."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from service.api.context import Asking, Here
from service.api.cursors import decode, page
from service.api.parameters import Body, Cursor
from service.api.problems import documented
from service.api.schemas.access import Key, Keys, MadeKey, MadeKeys, Whoami
from service.lifecycle.api_keys import create_keys, find_key, granted, list_keys, revoke_key
from service.lifecycle.limits import default_limits, limits_of, queued_runs, stored_bytes
from service.lifecycle.owners import owner_of_key
from service.planning.new_keys import NewKeys
from service.planning.strict_json import loads

router = APIRouter(tags=["access"])

KEY_ID = "^[0-9a-f]{12}$"
OWNER_ID = "^o_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
KeyId = Annotated[str, Path(pattern=KEY_ID, description="The public part of a key.")]
NEW_KEYS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewKeys"}}},
    }
}


class PageQuery(BaseModel):
    """Which page of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class KeysQuery(PageQuery):
    """Whose keys."""

    owner: str | None = Field(default=None, pattern=OWNER_ID, description="An owner's id.")


@router.post(
    "/keys",
    status_code=201,
    summary="Make keys",
    responses=documented(409, 413, 415, 422),
    openapi_extra=NEW_KEYS,
)
def make_keys(here: Here, request: Request, body: Body) -> MadeKeys:
    """Make one key for each owner named, all or none. The keys are shown in this answer and never again."""
    asked = NewKeys.parse(loads(body))
    site = here.settings.public_url or str(request.base_url).rstrip("/")
    with here.database.write() as session:
        made = create_keys(session, asked.owners, granted(asked))
    return MadeKeys(items=[MadeKey.of(key, site) for key in made])


@router.get("/keys", summary="List keys", responses=documented(422))
def list_api_keys(here: Here, query: Annotated[KeysQuery, Query()]) -> Keys:
    """List keys without their secrets, the newest first."""
    before = None if query.cursor is None else decode(query.cursor, (int,))[0]
    with here.database.read() as session:
        rows = list_keys(session, owner=query.owner, limit=query.limit + 1, before=before)
    shown, cursor = page(rows, query.limit, lambda row: (row.ApiKey.id,))
    limits = default_limits(here.settings)
    return Keys(items=[Key.of(row, limits) for row in shown], next_cursor=cursor)


@router.post("/keys/{key_id}:revoke", summary="Revoke a key", responses=documented(404))
def revoke_api_key(here: Here, key_id: KeyId) -> Key:
    """End a key, and the sessions opened with it, at once in every process; again changes nothing."""
    with here.database.write() as session:
        revoke_key(session, key_id)
        row = find_key(session, key_id)
    return Key.of(row, default_limits(here.settings))


@router.get("/me", summary="Say who asks")
def whoami(here: Here, caller: Asking) -> Whoami:
    """Return the caller's owner, scopes, limits and how much of them is taken."""
    with here.database.read() as session:
        return Whoami.of(
            caller,
            owner_of_key(session, caller.owner_id),
            limits_of(here.settings, caller),
            queued_runs=queued_runs(session, caller.owner_id),
            stored_bytes=stored_bytes(session, caller.owner_id),
        )
