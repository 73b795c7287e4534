"""API keys are made for owners by name, shown once, and ended at once in every process."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.lifecycle.access import KEY_MARK, SECRET_BYTES, Scope, sha256
from service.lifecycle.audit import MADE
from service.lifecycle.owners import find_or_make_owner
from service.planning.new_keys import NewKeys
from service.store.clock import now
from service.store.schema import ApiKey, Owner

DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Grant:
    """What a new key may do, and for how long."""

    name: str = ""
    scopes: frozenset[Scope] = frozenset({Scope.READ, Scope.SUBMIT})
    lifetime_seconds: int | None = None  # None: until it is revoked
    limits: Mapping[str, int] = field(default_factory=dict)  # where they differ from the settings


def granted(asked: NewKeys) -> Grant:
    """What a request for keys asks for."""
    return Grant(
        name=asked.name,
        scopes=frozenset(Scope(scope) for scope in asked.scopes),
        lifetime_seconds=None if asked.days is None else asked.days * DAY,
        limits=asked.own_limits,
    )


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key's text, which exists only here, and the part of it by which it can be named later."""

    text: str
    prefix: str
    owner: str = ""  # by name


def create_keys(session: Session, owners: Iterable[str], grant: Grant) -> Sequence[NewApiKey]:
    """Make one key for each owner named; who is not there yet is made.

    Raises:
        Conflict: one of them has been revoked.
    """
    made = []
    for owner in owners:
        key = create_api_key(
            session,
            find_or_make_owner(session, owner),
            name=grant.name,
            scopes=grant.scopes,
            lifetime_seconds=grant.lifetime_seconds,
            limits=grant.limits,
        )
        made.append(replace(key, owner=owner))
    session.info[MADE] = " ".join(key.prefix for key in made)
    return made


def create_api_key(
    session: Session,
    owner_id: int,
    *,
    name: str,
    scopes: Iterable[Scope] = (Scope.READ, Scope.SUBMIT),
    lifetime_seconds: int | None = None,
    limits: Mapping[str, int] | None = None,
) -> NewApiKey:
    """Make a key `bs_<prefix>_<secret>` of 256 random bits: enough that a fast hash of it may be stored."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
    granted = frozenset(scopes)
    session.execute(
        insert(ApiKey).values(
            owner_id=owner_id,
            prefix=prefix,
            secret_sha256=sha256(secret),
            name=name,
            scopes={scope.value: scope in granted for scope in Scope},
            limits=dict(limits or {}),
            created_at=now(),
            expires_at=None if lifetime_seconds is None else now() + lifetime_seconds * 1000,
        )
    )
    return NewApiKey(f"{KEY_MARK}_{prefix}_{secret}", prefix)


def revoke_key(session: Session, prefix: str) -> None:
    """End a key, and with it the sessions that were opened with it; a second time changes nothing.

    Raises:
        NotFound: there is no such key.
    """
    session.execute(
        update(ApiKey).where(ApiKey.prefix == prefix, ApiKey.revoked_at.is_(None)).values(revoked_at=now())
    )
    find_key(session, prefix)


def find_key(session: Session, prefix: str) -> Row[*tuple[Any, ...]]:
    """A key with its owner's public id and name.

    Raises:
        NotFound: there is no such key.
    """
    found = session.execute(_with_owners().where(ApiKey.prefix == prefix)).one_or_none()
    if found is None:
        raise NotFound(f"there is no key {prefix}")
    return found


def list_keys(
    session: Session, *, owner: str | None = None, limit: int, before: int | None = None
) -> list[Row[*tuple[Any, ...]]]:
    """At most `limit` keys with their owners, the newest first, behind the one with key `before`."""
    statement = _with_owners().order_by(ApiKey.id.desc()).limit(limit)
    if owner is not None:
        statement = statement.where(Owner.public_id == owner)
    if before is not None:
        statement = statement.where(ApiKey.id < before)
    return list(session.execute(statement).all())


def _with_owners() -> Any:
    return select(ApiKey, Owner.public_id, Owner.name, now()).join(Owner, Owner.id == ApiKey.owner_id)
