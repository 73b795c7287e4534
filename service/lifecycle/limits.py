"""How much a key may ask for: the settings' limits, or its own where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import Fault, LimitReached
from service.lifecycle.access import Caller
from service.planning.statuses import SweepState
from service.settings import Settings
from service.store.schema import Dataset, Owner, Sweep

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


def require_room(
    session: Session, owner_id: int, limits: Limits | None, *, runs: int = 0, stored: int = 0
) -> None:
    """Refuse more runs or bytes than an owner may have; in the transaction that would add them.

    The owner's row is locked, so that two requests at once cannot both take what is left for one.

    Raises:
        LimitReached: with what there is, what was asked for, and what is allowed.
    """
    if limits is None:
        return
    session.execute(select(Owner.id).where(Owner.id == owner_id).with_for_update(of=Owner))
    faults = []
    waiting, kept = queued_runs(session, owner_id), stored_bytes(session, owner_id)
    if runs and waiting + runs > limits.queued_runs:
        faults.append(
            Fault(
                "runs",
                f"are too many beside the {waiting} that wait already",
                runs,
                f"{limits.queued_runs} queued runs for this key; wait for some to finish or cancel a sweep",
            )
        )
    if stored and kept + stored > limits.stored_bytes:
        faults.append(
            Fault(
                "bytes",
                f"are too many beside the {kept} that are taken already",
                stored,
                f"{limits.stored_bytes} bytes for this key; delete a sweep or a dataset",
            )
        )
    if faults:
        raise LimitReached(faults)


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
