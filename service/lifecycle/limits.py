"""How much a key may ask for: the settings' limits, or its own where they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import Fault, LimitReached
from service.lifecycle.access import Caller
from service.planning.statuses import SweepState
from service.settings import Settings
from service.store.schema import Dataset, Owner, Sweep

Result = TypeVar("Result")
Unit = Callable[[Session], Result]

OPEN_STATES = tuple(state for state in SweepState if not state.is_final)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one key, or all keys of its owner together, may have."""

    requests_per_minute: int
    queued_runs: int  # of the owner, paused ones too
    runs_per_sweep: int  # grid cells times seeds
    stored_bytes: int  # of the owner: datasets, and what the losses and weights of sweeps may take

    def changed(self, overrides: Mapping[str, int]) -> Limits:
        """These limits where a key has none of its own."""
        return Limits(**{**asdict(self), **{name: overrides[name] for name in NAMES if name in overrides}})


NAMES = tuple(field.name for field in fields(Limits))


def limits_of(settings: Settings, caller: Caller) -> Limits | None:
    """A caller's limits; the service's own token has none."""
    if caller.key is None:
        return None
    return default_limits(settings).changed(caller.key.limits)


def default_limits(settings: Settings) -> Limits:
    """What holds for a key that has no limits of its own."""
    return Limits(
        requests_per_minute=settings.key_requests_per_minute,
        queued_runs=settings.key_queued_runs,
        runs_per_sweep=settings.key_runs_per_sweep,
        stored_bytes=settings.key_stored_bytes,
    )


def most_runs(most: int, limits: Limits | None) -> int:
    """How many runs a sweep may have, by the settings and the caller's limits."""
    return most if limits is None else min(most, limits.runs_per_sweep)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request would add to what its owner has, and the limits of the key that it came with."""

    owner_id: int
    limits: Limits | None
    runs: int
    stored: int


def require_room(
    session: Session, owner_id: int, limits: Limits | None, *, runs: int = 0, stored: int = 0
) -> None:
    """Refuse more runs or bytes than an owner may have; in the transaction that would add them.

    Raises:
        LimitReached: with what there is, what was asked for, and what is allowed.
    """
    (refusal,) = refusals(session, [Asked(owner_id, limits, runs, stored)])
    if refusal is not None:
        raise refusal


def refusals(session: Session, asked: Sequence[Asked]) -> list[LimitReached | None]:
    """What `require_room` would raise for each, beside those before it that have room.

    Must be asked in the transaction that adds these; what has no limits itself counts for the others.
    """
    taken = {}
    for owner_id in sorted({each.owner_id for each in asked if each.limits is not None}):
        _hold_still(session, owner_id)  # of several owners always in this order, or two wait for each other
        taken[owner_id] = (queued_runs(session, owner_id), stored_bytes(session, owner_id))
    found: list[LimitReached | None] = []
    for each in asked:
        if each.owner_id not in taken:
            found.append(None)
            continue
        waiting, kept = taken[each.owner_id]
        refusal = _refusal(each, waiting, kept)
        found.append(refusal)
        if refusal is None:
            taken[each.owner_id] = (waiting + each.runs, kept + each.stored)
    return found


def _refusal(asked: Asked, waiting: int, kept: int) -> LimitReached | None:
    limits = asked.limits
    if limits is None:
        return None
    faults = []
    if asked.runs and waiting + asked.runs > limits.queued_runs:
        message = f"are too many beside the {waiting} that wait already"
        faults.append(Fault("runs", message, asked.runs, _runs_allowed(limits)))
    if asked.stored and kept + asked.stored > limits.stored_bytes:
        message = f"are too many beside the {kept} that are taken already"
        faults.append(Fault("bytes", message, asked.stored, _bytes_allowed(limits)))
    return LimitReached(faults) if faults else None


def within(limits: Limits | None, owner_id: int, unit: Unit[Result]) -> Unit[Result]:
    """The same unit of work, which fails at its end if the owner then has more than is allowed.

    Raises:
        LimitReached: with what there would be, and what is allowed.
    """
    if limits is None:
        return unit

    def bounded(session: Session) -> Result:
        _hold_still(session, owner_id)
        before = queued_runs(session, owner_id), stored_bytes(session, owner_id)
        result = unit(session)
        waiting, kept = queued_runs(session, owner_id), stored_bytes(session, owner_id)
        faults = []
        if waiting > max(before[0], limits.queued_runs):
            faults.append(Fault("runs", "too many would wait", waiting, _runs_allowed(limits)))
        if kept > max(before[1], limits.stored_bytes):
            faults.append(Fault("bytes", "too many would be taken", kept, _bytes_allowed(limits)))
        if faults:
            raise LimitReached(faults)
        return result

    return bounded


def queued_runs(session: Session, owner_id: int) -> int:
    """The owner's runs that wait for a worker, those of paused sweeps included."""
    total = func.sum(Sweep.queued_count + Sweep.paused_count)
    mine = (Sweep.owner_id == owner_id, Sweep.state.in_(OPEN_STATES))
    return int(session.scalar(select(func.coalesce(total, 0)).where(*mine)) or 0)


def stored_bytes(session: Session, owner_id: int) -> int:
    """What the owner's datasets take, and what the losses and weights of their sweeps may take."""
    return sum(
        int(session.scalar(select(func.coalesce(func.sum(column), 0)).where(owner == owner_id)) or 0)
        for column, owner in (
            (Dataset.byte_count, Dataset.owner_id),
            (Sweep.planned_bytes, Sweep.owner_id),
        )
    )


def _hold_still(session: Session, owner_id: int) -> None:
    # Two requests at once must not both take what is left for one. Not FOR UPDATE, which would keep workers
    # from adding a population of this owner, and wait for those that wait for it.
    session.execute(select(Owner.id).where(Owner.id == owner_id).with_for_update(key_share=True, of=Owner))


def _runs_allowed(limits: Limits) -> str:
    return f"{limits.queued_runs} queued runs for this key; wait for some to finish or cancel a sweep"


def _bytes_allowed(limits: Limits) -> str:
    return f"{limits.stored_bytes} bytes for this key; delete a sweep or a dataset"
