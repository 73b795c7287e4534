"""Whether a client that was let in when it connected would be let in now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from service.lifecycle.access import Scope, caller_with_key, caller_with_session


@dataclass(frozen=True, slots=True)
class Credential:
    """By what a client was let in: an API key, a session's cookie, or the service's token (neither)."""

    owner_id: int
    key: str | None = field(default=None, repr=False)
    cookie: str | None = field(default=None, repr=False)


def standing(session: Session, credentials: Iterable[Credential]) -> set[Credential]:
    """Those that still open what they opened; the token does as long as the process lives."""
    return {each for each in credentials if _stands(session, each)}


def _stands(session: Session, credential: Credential) -> bool:
    if credential.key is not None:
        caller = caller_with_key(session, credential.key)
    elif credential.cookie is not None:
        caller = caller_with_session(session, credential.cookie)
    else:
        return True
    return caller is not None and caller.owner_id == credential.owner_id and Scope.READ in caller.scopes
