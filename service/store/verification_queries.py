"""Reading verifications, always of one owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.store.schema import Environment, Run, Verification


@dataclass(frozen=True, slots=True)
class VerificationView:
    """A verification with the run that it is about, and the environment classes of both trainings."""

    verification: Verification
    run: Run
    first_environment: Mapping[str, Any] | None
    second_environment: Mapping[str, Any] | None


def find_verification(session: Session, owner_id: int, public_id: str) -> VerificationView:
    """One verification.

    Raises:
        NotFound: the owner has no such verification.
    """
    found = _first(session, _verifications(owner_id).where(Verification.public_id == public_id))
    if found is None:
        raise NotFound(f"there is no verification {public_id}")
    return found


def latest_verification(session: Session, owner_id: int, run_id: str) -> VerificationView | None:
    """The youngest verification of a run, by the run's public id; None if nobody has asked for one."""
    statement = _verifications(owner_id).where(Run.public_id == run_id)
    return _first(session, statement.order_by(Verification.id.desc()).limit(1))


def _verifications(owner_id: int) -> Select[Verification, Run]:
    # The run's owner decides: a run that was deleted belongs to nobody until it is gone.
    return (
        select(Verification, Run)
        .join(Run, Run.id == Verification.run_id)
        .where(Run.owner_id == owner_id, Verification.owner_id == owner_id)
    )


def _first(session: Session, statement: Select[Verification, Run]) -> VerificationView | None:
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    verification, run = found
    return VerificationView(
        verification,
        run,
        _environment(session, run.environment_class),
        _environment(session, verification.environment_class),
    )


def _environment(session: Session, digest: str | None) -> Mapping[str, Any] | None:
    row = session.get(Environment, digest) if digest else None
    return row.document if row else None
