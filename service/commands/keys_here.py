"""Keys of the database that this machine's settings name: whoever may write there is its administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import select

from service.api.schemas.access import Key, MadeKey
from service.errors import BacksweepError, NotFound
from service.lifecycle import api_keys
from service.lifecycle.audit import audit
from service.lifecycle.limits import default_limits
from service.lifecycle.owners import local_owner, revoke_owner
from service.planning.new_keys import NewKeys
from service.planning.strict_json import check
from service.settings import Settings
from service.store.database import Database
from service.store.migrate import is_current
from service.store.schema import Owner

PAGE = 500


class KeysHere:
    """The database as the place where keys are."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database

    @classmethod
    @contextmanager
    def of(cls, settings: Settings) -> Iterator[Self]:
        """The place, inside the block."""
        database = Database(settings.database_url)
        try:
            if not is_current(database):
                raise BacksweepError("the database has not this version's tables: run `backsweep migrate`")
            yield cls(settings, database)
        finally:
            database.dispose()

    def create(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Make keys as POST /keys does."""
        check(asked)
        wanted = NewKeys.parse(asked)
        grant = api_keys.granted(wanted)
        site = self.settings.public_url or f"http://{self.settings.host}:{self.settings.port}"
        with self.database.write() as session:
            made = api_keys.create_keys(session, wanted.owners, grant)
            for key in made:
                audit(
                    session,
                    "make_keys",
                    local_owner(session),
                    object_id=key.prefix,
                    credential="this machine",
                )
        return [MadeKey.of(key, site).model_dump() for key in made]

    def keys(self) -> Iterator[dict[str, Any]]:
        """Every key without its secret, the newest first."""
        before = None
        while True:
            with self.database.read() as session:
                rows = api_keys.list_keys(session, limit=PAGE, before=before)
            for row in rows:
                yield Key.of(row, default_limits(self.settings)).model_dump(mode="json")
            if len(rows) < PAGE:
                return
            before = rows[-1].ApiKey.id

    def revoke_key(self, prefix: str) -> None:
        """End a key."""
        with self.database.write() as session:
            api_keys.revoke_key(session, prefix)
            audit(
                session, "revoke_api_key", local_owner(session), object_id=prefix, credential="this machine"
            )

    def revoke_owner(self, name: str) -> None:
        """Shut an owner out."""
        with self.database.write() as session:
            public_id = session.scalar(select(Owner.public_id).where(Owner.name == name))
            if public_id is None:
                raise NotFound(f"there is no owner {name!r}")
            revoke_owner(session, public_id)
            audit(session, "revoke", local_owner(session), object_id=public_id, credential="this machine")
