"""Who asks: the local token, a browser's session or an API key; only hashes of secrets are stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import ApiKey, LoginSession, Owner

SESSION_DURATION = 30 * 24 * 3600  # seconds
LAST_USED_PRECISION = 60  # seconds: a key's use is not written down at every request
SECRET_BYTES = 32
KEY_MARK = "bs"


class Scope(StrEnum):
    """What a caller may do."""

    READ = "read"  # look at what is the owner's
    SUBMIT = "submit"  # make, change and cancel what is the owner's
    ADMIN = "admin"  # owners and keys


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """The key that a request shows, itself or through a session, as it is at this request."""

    id: int
    prefix: str
    limits: Mapping[str, int]  # where they differ from the settings
    moment: int  # milliseconds of the database's clock
    use_is_stale: bool = False  # its last use was written down longer than a minute ago


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, what they may do, and by what right."""

    owner_id: int
    scopes: frozenset[Scope] = frozenset(Scope)
    credential: str = "token"  # what an audit row says of it; never a secret
    key: KeyInUse | None = field(default=None, compare=False)  # None: the service's own token


def same_secret(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not say how far they agree."""
    return bool(expected) and hmac.compare_digest(sha256(given), sha256(expected))


def sha256(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def open_session(session: Session, caller: Caller) -> str:
    """Begin a browser's session with a caller's rights; the secret for its cookie.

    It ends with the key that it was opened with. Sessions that have ended are cleared away.
    """
    session.execute(
        delete(LoginSession).where(LoginSession.owner_id == caller.owner_id, LoginSession.expires_at <= now())
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.execute(
        insert(LoginSession).values(
            owner_id=caller.owner_id,
            key_id=None if caller.key is None else caller.key.id,
            secret_sha256=sha256(secret),
            created_at=now(),
            expires_at=now() + SESSION_DURATION * 1000,
        )
    )
    return secret


def caller_with_session(session: Session, secret: str) -> Caller | None:
    """Whose session has this secret, if it, its key and its owner are still allowed in."""
    found = session.execute(
        _keys(LoginSession.key_id, LoginSession.owner_id)
        .select_from(LoginSession)
        .join(Owner, Owner.id == LoginSession.owner_id)
        .outerjoin(ApiKey, ApiKey.id == LoginSession.key_id)
        .where(
            LoginSession.secret_sha256 == sha256(secret),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now(),
            Owner.revoked_at.is_(None),
            or_(LoginSession.key_id.is_(None), _is_open()),
        )
    ).one_or_none()
    if found is None:
        return None
    if found.key_id is None:
        return Caller(found.owner_id, credential="session")
    return _caller(found, f"session of key {found.prefix}")


def close_session(session: Session, owner_id: int, secret: str) -> None:
    """End one session; its cookie opens nothing from now on."""
    _revoke_sessions(session, LoginSession.secret_sha256 == sha256(secret), owner_id)


def close_every_session(session: Session, owner_id: int) -> None:
    """End every session of an owner, on every machine."""
    _revoke_sessions(session, LoginSession.revoked_at.is_(None), owner_id)


def caller_with_key(session: Session, text: str) -> Caller | None:
    """Whose key this is, if neither it nor its owner has expired or been revoked."""
    prefix, secret = key_parts(text)
    key = session.execute(
        _keys(ApiKey.owner_id, ApiKey.secret_sha256)
        .join(Owner, Owner.id == ApiKey.owner_id)
        .where(ApiKey.prefix == prefix, Owner.revoked_at.is_(None), _is_open())
    ).one_or_none()
    if key is None or not hmac.compare_digest(key.secret_sha256, sha256(secret)):
        return None
    return _caller(key, f"key {key.prefix}")


def note_key_use(session: Session, key_id: int) -> None:
    """Write down that a key was used."""
    session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=now()))


def key_parts(key: str) -> tuple[str, str]:
    """The public and the secret part of a key; both empty if it is none."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    return (prefix, secret) if mark == KEY_MARK and prefix.isascii() and prefix.isalnum() else ("", "")


def _keys(*more: Any) -> Select[*tuple[Any, ...]]:
    stale_since = now() - LAST_USED_PRECISION * 1000
    return select(
        *more,
        ApiKey.id,
        ApiKey.prefix,
        ApiKey.scopes,
        ApiKey.limits,
        or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < stale_since).label("use_is_stale"),
        now().label("moment"),
    )


def _is_open() -> ColumnElement[bool]:
    return ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now())


def _caller(row: Row[*tuple[Any, ...]], credential: str) -> Caller:
    key = KeyInUse(row.id, row.prefix, row.limits, row.moment, bool(row.use_is_stale))
    scopes = frozenset(scope for scope in Scope if row.scopes.get(scope.value) is True)
    return Caller(row.owner_id, scopes, credential, key)


def _revoke_sessions(session: Session, which: ColumnElement[bool], owner_id: int) -> None:
    session.execute(
        update(LoginSession)
        .where(which, LoginSession.owner_id == owner_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )
