"""Owners, keys and the audit as they are shown; a key's secret is shown once, when it is made."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field
from sqlalchemy import Row

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.lifecycle.access import Caller, Scope
from service.lifecycle.api_keys import NewApiKey
from service.lifecycle.limits import Limits
from service.store.clock import rfc3339


class KeyOwner(Shape):
    """Whom a key speaks for."""

    id: str = Field(examples=["o_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
    name: str


class EffectiveLimits(Shape):
    """What a key may have, its own limits and the settings' taken together."""

    requests_per_minute: int
    queued_runs: int
    runs_per_sweep: int
    stored_bytes: int


class Key(Shape):
    """A key without its secret."""

    id: str = Field(description="The public part of the key: `bs_<id>_<secret>`.", examples=["9f86d081884c"])
    owner: KeyOwner
    name: str
    scopes: list[Scope]
    limits: EffectiveLimits
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None = Field(description="To about a minute.")
    revoked_at: Instant | None
    is_valid: bool

    @classmethod
    def of(cls, row: Row[*tuple[Any, ...]], defaults: Limits) -> Self:
        """The shape of a stored key with its owner's id and name, and the moment."""
        key, owner, name, moment = row
        limits = defaults.changed(key.limits)
        return cls(
            id=key.prefix,
            owner=KeyOwner(id=owner, name=name),
            name=key.name,
            scopes=[scope for scope in Scope if key.scopes.get(scope.value) is True],
            limits=limits_shown(limits),
            created_at=rfc3339(key.created_at) or "",
            expires_at=rfc3339(key.expires_at),
            last_used_at=rfc3339(key.last_used_at),
            revoked_at=rfc3339(key.revoked_at),
            is_valid=key.revoked_at is None and (key.expires_at is None or key.expires_at > moment),
        )


class Keys(Shape):
    """A page of keys."""

    items: list[Key]
    next_cursor: NextCursor


class MadeKey(Shape):
    """A key as it is shown this once."""

    owner: str
    id: str
    key: str = Field(examples=["bs_9f86d081884c_pF3s0S9v7n8H2kq1c0Jm6y5t4r3e2w1qAZXSWEDCVFR"])
    link: str = Field(
        description="Opens the dashboard with this key, where BACKSWEEP_PUBLIC_URL is set or on this machine."
    )

    @classmethod
    def of(cls, made: NewApiKey, site: str) -> Self:
        """The shape of a key that was just made."""
        return cls(owner=made.owner, id=made.prefix, key=made.text, link=f"{site}/#token={made.text}")


class MadeKeys(Shape):
    """Keys as they are shown this once."""

    items: list[MadeKey]


class OwnerShown(Shape):
    """An owner, and how much is theirs."""

    id: str
    name: str
    created_at: Instant
    revoked_at: Instant | None
    valid_keys: int
    sweeps: int
    waiting_runs: int = Field(description="Queued and paused.")

    @classmethod
    def of(cls, row: Row[*tuple[Any, ...]]) -> Self:
        """The shape of a stored owner with counts."""
        owner, keys, sweeps, waiting = row
        return cls(
            id=owner.public_id,
            name=owner.name,
            created_at=rfc3339(owner.created_at) or "",
            revoked_at=rfc3339(owner.revoked_at),
            valid_keys=keys,
            sweeps=sweeps,
            waiting_runs=waiting,
        )


class Owners(Shape):
    """A page of owners."""

    items: list[OwnerShown]
    next_cursor: NextCursor


class Whoami(Shape):
    """The caller, and what is left to them."""

    owner: KeyOwner
    scopes: list[Scope]
    credential: str = Field(description="token, session, `key <id>` or `session of key <id>`.")
    limits: EffectiveLimits | None = Field(description="Null for the service's own token: it has none.")
    queued_runs: int
    stored_bytes: int

    @classmethod
    def of(cls, caller: Caller, owner: Row[*tuple[Any, ...]], limits: Limits | None, **used: int) -> Self:
        """The shape of a caller whose owner was looked up."""
        return cls(
            owner=KeyOwner(id=owner.public_id, name=owner.name),
            scopes=[scope for scope in Scope if scope in caller.scopes],
            credential=caller.credential,
            limits=None if limits is None else limits_shown(limits),
            **used,
        )


class AuditRow(Shape):
    """Who did what, to what, and with which result."""

    at: Instant
    owner: KeyOwner | None = Field(description="Null: a stranger.")
    credential: str | None
    address: str | None = Field(description="Where the request came from; behind a proxy, the proxy.")
    action: str
    object: str | None
    result: str = Field(description="done or refused.")
    request_id: str | None

    @classmethod
    def of(cls, row: Row[*tuple[Any, ...]]) -> Self:
        """The shape of a stored entry with its owner."""
        entry, owner, name = row
        return cls(
            at=rfc3339(entry.at) or "",
            owner=None if owner is None else KeyOwner(id=owner, name=name),
            credential=entry.credential,
            address=entry.address,
            action=entry.action,
            object=entry.object_id,
            result=entry.result,
            request_id=entry.request_id,
        )


class AuditPage(Shape):
    """A page of the audit."""

    items: list[AuditRow]
    next_cursor: NextCursor


def limits_shown(limits: Limits) -> EffectiveLimits:
    """The shape of limits."""
    return EffectiveLimits(
        requests_per_minute=limits.requests_per_minute,
        queued_runs=limits.queued_runs,
        runs_per_sweep=limits.runs_per_sweep,
        stored_bytes=limits.stored_bytes,
    )
