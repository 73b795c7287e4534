"""Who may use the service, by which secret, and what they did; secrets are stored only as SHA-256."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.identifiers import new_id
from service.store.models.base import Base, Count, Document, Instant, Key, Name, Sha256, Word


class Owner(Base):
    """A person or program that sweeps and datasets belong to."""

    __tablename__ = "owners"

    id: Mapped[Key]
    public_id: Mapped[str] = mapped_column(
        String(38), unique=True, index=True, default=lambda: new_id("o"), server_default=""
    )
    name: Mapped[Name] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]  # no key and no session of theirs opens anything


class ApiKey(Base):
    """A random secret for programs, shown once; 256 random bits need no slow hash."""

    __tablename__ = "api_keys"

    id: Mapped[Key]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), index=True)
    prefix: Mapped[str] = mapped_column(String(20), unique=True)  # the public part, to find the row by
    secret_sha256: Mapped[Sha256]
    name: Mapped[Name]
    scopes: Mapped[Document]  # {"read": true, "submit": true, "admin": false}
    limits: Mapped[Document]  # {"requests_per_minute": 60}: where it differs from the settings
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]
    last_used_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]


class LoginSession(Base):
    """A browser's session, exchanged for a token or a key at login; the cookie's value is not stored."""

    __tablename__ = "sessions"

    id: Mapped[Key]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"), index=True)
    key_id: Mapped[int | None] = mapped_column(ForeignKey("api_keys.id"), index=True)  # null: the token's
    secret_sha256: Mapped[Sha256] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant] = mapped_column(index=True)
    revoked_at: Mapped[Instant | None]


class AuditEntry(Base):
    """Who did what to which object, with which result; never a token, never data. Rows are only added."""

    __tablename__ = "audit"

    id: Mapped[Key]
    at: Mapped[Instant] = mapped_column(index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"), index=True)  # null: a stranger
    credential: Mapped[Word | None]  # "token", "session", "key <prefix>" ...
    address: Mapped[str | None] = mapped_column(String(64))  # where the request came from
    action: Mapped[Word]
    object_id: Mapped[str | None] = mapped_column(String(100))
    result: Mapped[Word]
    request_id: Mapped[str | None] = mapped_column(String(64))


class KeyRequests(Base):
    """How many requests all API processes have let pass for a key in one minute of the database's clock."""

    __tablename__ = "key_requests"

    key_id: Mapped[int] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    requests: Mapped[Count]
