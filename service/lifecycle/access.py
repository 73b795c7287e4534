"""Who asks: the local token, a browser's session or an API key; only hashes of secrets are stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import ApiKey, AuditEntry, LoginSession

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
class Caller:
    """Who asks, and what they may do."""

    owner_id: int
    scopes: frozenset[Scope] = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key's text, which exists only here, and the part of it by which it can be named later."""

    text: str
    prefix: str


def same_secret(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not say how far they agree."""
    return bool(expected) and hmac.compare_digest(_sha256(given), _sha256(expected))


def open_session(session: Session, owner_id: int, *, request_id: str | None = None) -> str:
    """Begin a browser's session; the secret for its cookie. Sessions that have ended are cleared away."""
    session.execute(
        delete(LoginSession).where(LoginSession.owner_id == owner_id, LoginSession.expires_at <= now())
    )
    secret = secrets.token_urlsafe(SECRET_BYTES)
    session.execute(
        insert(LoginSession).values(
            owner_id=owner_id,
            secret_sha256=_sha256(secret),
            created_at=now(),
            expires_at=now() + SESSION_DURATION * 1000,
        )
    )
    _audit(session, "login", owner_id, request_id=request_id)
    return secret


def caller_with_session(session: Session, secret: str) -> Caller | None:
    """Whose session has this secret, if it is still open."""
    owner_id = session.scalar(
        select(LoginSession.owner_id).where(
            LoginSession.secret_sha256 == _sha256(secret),
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > now(),
        )
    )
    return None if owner_id is None else Caller(owner_id)


def close_session(session: Session, owner_id: int, secret: str, *, request_id: str | None = None) -> None:
    """End one session; its cookie opens nothing from now on."""
    _revoke_sessions(session, LoginSession.secret_sha256 == _sha256(secret), owner_id)
    _audit(session, "logout", owner_id, request_id=request_id)


def close_every_session(session: Session, owner_id: int, *, request_id: str | None = None) -> None:
    """End every session of an owner, on every machine."""
    _revoke_sessions(session, LoginSession.revoked_at.is_(None), owner_id)
    _audit(session, "logout-everywhere", owner_id, request_id=request_id)


def create_api_key(
    session: Session,
    owner_id: int,
    *,
    name: str,
    scopes: Iterable[Scope] = (Scope.READ, Scope.SUBMIT),
    lifetime_seconds: int | None = None,
) -> NewApiKey:
    """Make a key `bs_<prefix>_<secret>` of 256 random bits: enough that a fast hash of it may be stored."""
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(SECRET_BYTES)
    granted = frozenset(scopes)
    session.execute(
        insert(ApiKey).values(
            owner_id=owner_id,
            prefix=prefix,
            secret_sha256=_sha256(secret),
            name=name,
            scopes={scope.value: scope in granted for scope in Scope},
            limits={},
            created_at=now(),
            expires_at=None if lifetime_seconds is None else now() + lifetime_seconds * 1000,
        )
    )
    _audit(session, "create-key", owner_id, object_id=prefix)
    return NewApiKey(f"{KEY_MARK}_{prefix}_{secret}", prefix)


def caller_with_key(session: Session, text: str) -> Caller | None:
    """Whose key this is, if it is neither expired nor revoked."""
    prefix, secret = _parts(text)
    key = session.execute(
        select(ApiKey.owner_id, ApiKey.secret_sha256, ApiKey.scopes).where(
            ApiKey.prefix == prefix,
            ApiKey.revoked_at.is_(None),
            (ApiKey.expires_at.is_(None)) | (ApiKey.expires_at > now()),
        )
    ).one_or_none()
    if key is None or not hmac.compare_digest(key.secret_sha256, _sha256(secret)):
        return None
    return Caller(key.owner_id, frozenset(scope for scope in Scope if key.scopes.get(scope.value) is True))


def key_use_is_stale(session: Session, text: str) -> bool:
    """Whether a key's use was last written down longer than a minute ago."""
    return (
        session.scalar(
            select(ApiKey.id).where(
                ApiKey.prefix == _parts(text)[0],
                (ApiKey.last_used_at.is_(None)) | (ApiKey.last_used_at < now() - LAST_USED_PRECISION * 1000),
            )
        )
        is not None
    )


def note_key_use(session: Session, text: str) -> None:
    """Write down that a key was used."""
    session.execute(update(ApiKey).where(ApiKey.prefix == _parts(text)[0]).values(last_used_at=now()))


def revoke_api_key(session: Session, owner_id: int, prefix: str) -> bool:
    """End a key; whether the owner had one of that prefix that was not ended before."""
    revoked = session.scalars(
        update(ApiKey)
        .where(ApiKey.prefix == prefix, ApiKey.owner_id == owner_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(ApiKey.id)
    ).all()
    _audit(session, "revoke-key", owner_id, object_id=prefix, result="done" if revoked else "not found")
    return bool(revoked)


def _parts(key: str) -> tuple[str, str]:
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    return (prefix, secret) if mark == KEY_MARK and prefix.isascii() and prefix.isalnum() else ("", "")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _revoke_sessions(session: Session, which: ColumnElement[bool], owner_id: int) -> None:
    session.execute(
        update(LoginSession)
        .where(which, LoginSession.owner_id == owner_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def _audit(
    session: Session,
    action: str,
    owner_id: int,
    *,
    object_id: str | None = None,
    result: str = "done",
    request_id: str | None = None,
) -> None:
    session.execute(
        insert(AuditEntry).values(
            at=now(),
            owner_id=owner_id,
            action=action,
            object_id=object_id,
            result=result,
            request_id=request_id,
        )
    )
