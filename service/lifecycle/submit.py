"""A submission is planned without a transaction, stored in one, and repeated without harm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import Conflict
from service.lifecycle.arrivals import Stored, find_by_key, store
from service.lifecycle.create import Text, create_sweep
from service.lifecycle.create_together import Creation
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.limits import Limits, most_runs, require_room
from service.lifecycle.plan import SweepPlan
from service.lifecycle.plan_submission import MOST_MEMORY, forget_tables, plan_submission
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.reuse import Answered, find_originals, share_out, still_answer
from service.planning.sweep_file import JSON
from service.store.database import Database
from service.store.sweep_queries import SweepView


@dataclass(frozen=True, slots=True)
class Submitted:
    """The sweep that a submission stands for, and whether it was there before.

    `view` is how it was written, where that was all.
    """

    sweep_id: int
    public_id: str
    populations: int
    replayed: bool
    view: SweepView | None = None

    @classmethod
    def of(cls, stored: Stored, plan: SweepPlan) -> Submitted:
        """What became of a plan none of whose runs is answered by another."""
        sweep, view = stored.sweep, stored.view
        count = 0 if view is None else len(plan.populations)
        return cls(sweep.id, sweep.public_id, count, replayed=view is None, view=view)


def submit(
    database: Database,
    *,
    owner_id: int,
    body: bytes,
    media_type: str = JSON,
    idempotency_key: str | None,
    max_runs: int,
    most_memory: int = MOST_MEMORY,
    limits: Limits | None = None,
) -> Submitted:
    """Store a sweep, or find the one that was stored under this key and body before.

    Raises:
        InvalidSubmission: everything that is wrong with the body, or a key used for another body before.
        LimitReached: the owner has no room for as much.
    """
    if idempotency_key is not None:
        with database.read() as session:
            # Before planning: what was accepted once is answered, whatever limits and datasets are by now.
            known = find_by_key(session, owner_id, idempotency_key, body)
        if known is not None:
            return Submitted(known.id, known.public_id, 0, replayed=True)

    def plan_and_store() -> Submitted:
        plan = plan_submission(
            database,
            owner_id=owner_id,
            body=body,
            media_type=media_type,
            max_runs=most_runs(max_runs, limits),
            most_memory=most_memory,
        )
        creation = Creation(owner_id, plan, Text(body.decode(), media_type), idempotency_key, limits)
        stored = store(database, creation)
        if stored is None:
            return _store_with_answers(database, creation, body)
        return Submitted.of(stored, plan)

    try:
        return plan_and_store()
    except Conflict:
        # The name stands for another table than it did when it was looked up, at most a second ago.
        forget_tables(database)
        return plan_and_store()


def _store_with_answers(database: Database, creation: Creation, body: bytes) -> Submitted:
    """Store a sweep some of whose runs the owner has had trained before."""
    owner_id, plan, key = creation.owner_id, creation.plan, creation.idempotency_key
    size = 0 if creation.limits is None else planned_bytes(plan)

    def store_divided(divided: SweepPlan, answered: Answered, session: Session) -> Submitted | None:
        before = None if key is None else find_by_key(session, owner_id, key, body)
        if before is not None:
            return Submitted(before.id, before.public_id, 0, replayed=True)
        if not still_answer(session, owner_id, plan, answered.originals):
            return None
        queued = len(plan.runs) - len(answered.originals)
        require_room(session, owner_id, creation.limits, runs=queued, stored=size)
        sweep = create_sweep(
            session, owner_id, divided, text=creation.text, idempotency_key=key, answered=answered
        )
        return Submitted(sweep.id, sweep.public_id, len(divided.populations), replayed=False)

    found = None
    while found is None:  # until no original is deleted or extended between the look and the transaction
        with database.read() as session:
            originals = find_originals(session, owner_id, plan)
        work = partial(store_divided, *share_out(plan, originals))
        try:
            found = database.run(work)
        except IntegrityError:
            # Two requests with one key at once: the other one was stored, and is found now.
            found = database.run(work)
    if not found.replayed and not found.populations:  # all of it was known: the sweep is final
        keep_headlines(database)
    return found
