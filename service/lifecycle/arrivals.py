"""Sweeps that are submitted at the same moment are stored in one transaction.

A database has one writer, or one disk, and whoever waits for it can be taken along: the first to find the
place free writes everything that has gathered meanwhile. Alone, a submit waits for nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import Fault, InvalidSubmission, LimitReached
from service.lifecycle.audit import Together
from service.lifecycle.create import body_hash
from service.lifecycle.create_together import Creation, create_sweeps
from service.lifecycle.limits import Asked, refusals
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.reuse import known_runs
from service.store.database import Database, Note
from service.store.schema import Sweep
from service.store.sweep_queries import SweepView

MOST_RUNS = 1_000  # in one transaction of several sweeps: larger ones are written alone


@dataclass(frozen=True, slots=True)
class Stored:
    """A sweep that was stored under its key before, or as it was written now."""

    sweep: Sweep
    view: SweepView | None  # None: it was there before


class Declined:
    """A sweep that may have runs which others of its owner answer: it is to be stored with these."""


_DECLINED = Declined()
Outcome = Stored | Declined | Exception


@dataclass(slots=True)
class _Arrival:
    creation: Creation
    note: Note | None  # of the request's audit
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Arrivals:
    """Those that wait for one database in this process."""

    waiting: list[_Arrival] = field(default_factory=list)
    gate: Lock = field(default_factory=Lock)  # of the list
    writing: Lock = field(default_factory=Lock)

    def take(self) -> list[_Arrival]:
        """The next ones to be written together, in the order in which they came."""
        with self.gate:
            runs, count = 0, 0
            for arrival in self.waiting:
                runs += len(arrival.creation.plan.runs)
                if count and runs > MOST_RUNS:
                    break
                count += 1
            taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken


def store(database: Database, creation: Creation) -> Stored | None:
    """Store a sweep, or find the one of the same owner, key and body; None if it has runs that are known.

    Raises:
        InvalidSubmission: the key was used for another body.
    """
    (outcome,) = store_all(database, [(creation, database.noting)])
    if isinstance(outcome, Exception):
        raise outcome
    return None if isinstance(outcome, Declined) else outcome


def store_all(database: Database, creations: Iterable[tuple[Creation, Note | None]]) -> list[Outcome]:
    """Store each of these with its request's note, as if it had come alone; what became of each."""
    arrivals = _ARRIVALS.setdefault(database.engine, _Arrivals())
    mine = [_Arrival(creation, note) for creation, note in creations]
    if not mine:
        return []
    with arrivals.gate:
        arrivals.waiting += mine
    with arrivals.writing:
        while any(arrival.outcome is None for arrival in mine):
            _write(database, arrivals.take())
    return [arrival.outcome for arrival in mine if arrival.outcome is not None]


def known_keys(session: Session, keys: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of these owners' keys under which a sweep is stored."""
    if not keys:
        return set()
    found = session.connection().execute(
        select(Sweep.owner_id, Sweep.idempotency_key).where(
            Sweep.owner_id.in_({owner for owner, _ in keys}),
            Sweep.idempotency_key.in_({key for _, key in keys}),
        )
    )
    return {(owner, key) for owner, key in found if key is not None} & set(keys)


def find_by_key(session: Session, owner_id: int, key: str, body: bytes) -> Sweep | None:
    """The sweep that this owner submitted under this key and with this body.

    Raises:
        InvalidSubmission: the key was used for another body.
    """
    sweep = session.scalar(select(Sweep).where(Sweep.owner_id == owner_id, Sweep.idempotency_key == key))
    if sweep is not None and sweep.body_sha256 != body_hash(body):
        message = f"was used before with another body, for sweep {sweep.public_id}"
        raise InvalidSubmission([Fault("Idempotency-Key", message, key, "a new key, or the same body")])
    return sweep


def _write(database: Database, taken: list[_Arrival]) -> None:
    """Write all of them, or, if that cannot be, each alone; afterwards each has its outcome."""
    try:
        outcomes: Sequence[Outcome] = _together(database, taken)
    except IntegrityError:
        # One key twice, here or in another process: the other one was stored, and is found now.
        outcomes = [_alone(database, arrival) for arrival in taken]
    except Exception as error:  # noqa: BLE001 - it is the one's whom it concerns, who raises it
        outcomes = [error] if len(taken) == 1 else [_alone(database, arrival) for arrival in taken]
    except BaseException:
        for arrival in taken:  # nobody may wait for an outcome that never comes
            arrival.outcome = RuntimeError("the process is ending")
        raise
    for arrival, outcome in zip(taken, outcomes, strict=True):
        arrival.outcome = outcome


def _together(database: Database, taken: Sequence[_Arrival]) -> list[Outcome]:
    audit = Together()

    def unit(session: Session) -> list[Outcome]:
        outcomes = _store(session, [arrival.creation for arrival in taken])
        audit.done = [
            (arrival.note, None if outcome.view is None else outcome.sweep.public_id)
            for arrival, outcome in zip(taken, outcomes, strict=True)
            if arrival.note is not None and isinstance(outcome, Stored)  # what is declined is noted later
        ]
        return outcomes

    return database.with_note(audit).run(unit)


def _alone(database: Database, arrival: _Arrival) -> Outcome:
    try:
        return _together(database, [arrival])[0]
    except Exception as error:  # noqa: BLE001 - as above
        return error


def _store(session: Session, creations: Sequence[Creation]) -> list[Outcome]:
    before = _before(session, creations)
    known = known_runs(session, ((creation.owner_id, creation.plan) for creation in creations))
    outcomes: list[Outcome | None] = [
        Stored(found, None) if found is not None else _DECLINED if _has(creation, known) else None
        for creation, found in zip(creations, before, strict=True)
    ]
    places = [place for place, outcome in enumerate(outcomes) if outcome is None]
    for place, refusal in zip(
        places, _refusals(session, [creations[place] for place in places]), strict=True
    ):
        outcomes[place] = refusal
    new = [place for place in places if outcomes[place] is None]
    views = create_sweeps(session, [creations[place] for place in new]) if new else []
    for place, view in zip(new, views, strict=True):
        outcomes[place] = Stored(view.sweep, view)
    return [outcome for outcome in outcomes if outcome is not None]


def _refusals(session: Session, creations: Sequence[Creation]) -> Sequence[LimitReached | None]:
    if all(each.limits is None for each in creations):
        return [None] * len(creations)
    asked = [
        Asked(each.owner_id, each.limits, len(each.plan.runs), planned_bytes(each.plan)) for each in creations
    ]
    return refusals(session, asked)


def _has(creation: Creation, known: set[tuple[int, str]]) -> bool:
    plan, owner = creation.plan, creation.owner_id
    return (
        bool(known)
        and not plan.submission.rerun
        and any((owner, identity) in known for identity in plan.identities)
    )


def _before(session: Session, creations: Sequence[Creation]) -> list[Sweep | None]:
    keys = [(creation.owner_id, creation.idempotency_key) for creation in creations]
    known = known_keys(session, [(owner, key) for owner, key in keys if key is not None])
    return [
        find_by_key(session, owner, key, creation.text.content.encode())
        if key is not None and (owner, key) in known
        else None
        for creation, (owner, key) in zip(creations, keys, strict=True)
    ]


_ARRIVALS: WeakKeyDictionary[Engine, _Arrivals] = WeakKeyDictionary()
