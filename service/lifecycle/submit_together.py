"""Small submissions are planned one after the other and stored together.

A thread for each of many would plan no faster: one at a time has the interpreter, and whoever gives it away
waits for it again. What is not plainly small and right is left to `submit`, which may take its time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import Conflict
from service.lifecycle.arrivals import Declined, Outcome, known_keys, store_all
from service.lifecycle.create import Text
from service.lifecycle.create_together import Creation
from service.lifecycle.limits import Limits, most_runs
from service.lifecycle.plan import SweepPlan
from service.lifecycle.plan_submission import plan_at_hand
from service.lifecycle.submit import Submitted
from service.planning.sweep_file import JSON
from service.store.database import Database, Note


@dataclass(frozen=True, slots=True)
class Offer:
    """A submission in JSON, with what `submit` is told of it."""

    owner_id: int
    body: bytes
    idempotency_key: str | None
    max_runs: int
    most_memory: int
    limits: Limits | None
    note: Note | None  # of the request's audit


def submit_together(database: Database, offers: Sequence[Offer]) -> list[Submitted | Exception | None]:
    """What became of each: stored, failed, or, as None, not stored and to be submitted alone."""
    replayed = _replayed(database, offers)
    plans = [None if offer in replayed else _plan(database, offer) for offer in offers]
    planned = [(offer, plan) for offer, plan in zip(offers, plans, strict=True) if plan is not None]
    outcomes = iter(store_all(database, [(_creation(*each), each[0].note) for each in planned]))
    return [None if plan is None else _result(next(outcomes), plan) for plan in plans]


def _replayed(database: Database, offers: Sequence[Offer]) -> list[Offer]:
    """Those whose keys are known: before planning, for what was accepted once is answered."""
    keyed = [(offer.owner_id, offer.idempotency_key) for offer in offers]
    keys = [(owner, key) for owner, key in keyed if key is not None]
    if not keys:
        return []
    with database.read() as session:
        known = known_keys(session, keys)
    return [offer for offer, key in zip(offers, keyed, strict=True) if key in known]


def _plan(database: Database, offer: Offer) -> SweepPlan | None:
    try:
        return plan_at_hand(
            database,
            owner_id=offer.owner_id,
            body=offer.body,
            max_runs=most_runs(offer.max_runs, offer.limits),
            most_memory=offer.most_memory,
        )
    except Exception:  # noqa: BLE001 - it will fail alone, and the others are not to hear of it
        return None


def _creation(offer: Offer, plan: SweepPlan) -> Creation:
    text = Text(offer.body.decode(), JSON)
    return Creation(offer.owner_id, plan, text, offer.idempotency_key, offer.limits)


def _result(outcome: Outcome, plan: SweepPlan) -> Submitted | Exception | None:
    if isinstance(outcome, Declined | Conflict):  # a name that stands for another table is looked up again
        return None
    return outcome if isinstance(outcome, Exception) else Submitted.of(outcome, plan)
