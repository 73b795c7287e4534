"""A submission is planned without a transaction, stored in one, and repeated without harm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import Fault, InvalidSubmission
from service.lifecycle.calibrations import cache_budget
from service.lifecycle.create import Text, body_hash, create_sweep
from service.lifecycle.dataset_subject import DatasetSubject
from service.lifecycle.datasets import find_table
from service.lifecycle.function_subject import FunctionSubject
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.limits import Limits, most_runs, require_room
from service.lifecycle.plan import SweepPlan, plan_sweep
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.reuse import Answered, find_originals, share_out, still_answer
from service.lifecycle.subject import Subject
from service.lifecycle.workers import live_workers
from service.planning.submission import SweepSubmission, parse
from service.planning.sweep_file import JSON, read
from service.store.database import Database
from service.store.schema import Sweep

MOST_MEMORY = 2**30  # bytes of one run while it trains, unless told otherwise; more is refused


@dataclass(frozen=True, slots=True)
class Submitted:
    """The sweep that a submission stands for, and whether it was there before."""

    sweep_id: int
    public_id: str
    populations: int
    replayed: bool


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
    with database.read() as session:
        # Before planning: what was accepted once is answered, whatever limits and datasets are by now.
        known = _find(session, owner_id, idempotency_key, body)
    if known is not None:
        return known
    plan = plan_submission(
        database,
        owner_id=owner_id,
        body=body,
        media_type=media_type,
        max_runs=most_runs(max_runs, limits),
        most_memory=most_memory,
    )
    size = planned_bytes(plan)
    text = Text(body.decode(), media_type)

    def store(divided: SweepPlan, answered: Answered, session: Session) -> Submitted | None:
        before = _find(session, owner_id, idempotency_key, body)
        if before is not None:
            return before
        if not still_answer(session, owner_id, plan, answered.originals):
            return None
        queued = len(plan.runs) - len(answered.originals)
        require_room(session, owner_id, limits, runs=queued, stored=size)
        sweep = create_sweep(
            session, owner_id, divided, text=text, idempotency_key=idempotency_key, answered=answered
        )
        return Submitted(sweep.id, sweep.public_id, len(divided.populations), replayed=False)

    found = None
    while found is None:  # until no original is deleted or extended between the look and the transaction
        with database.read() as session:
            originals = find_originals(session, owner_id, plan)
        work = partial(store, *share_out(plan, originals))
        try:
            found = database.run(work)
        except IntegrityError:
            # Two requests with one key at once: the other one was stored, and is found now.
            found = database.run(work)
    if not found.replayed and not found.populations:  # all of it was known: the sweep is final
        keep_headlines(database)
    return found


def plan_submission(
    database: Database,
    *,
    owner_id: int,
    body: bytes,
    media_type: str = JSON,
    max_runs: int,
    most_memory: int = MOST_MEMORY,
) -> SweepPlan:
    """What a submission would create; nothing is stored.

    Raises:
        InvalidSubmission: with every fault.
    """
    submission = parse(read(body, media_type))
    subject = _subject(database, owner_id, submission)
    with database.read() as session:
        workers = live_workers(session)
        budget = cache_budget(session)
    return plan_sweep(
        submission,
        subject,
        live_workers=workers,
        max_runs=max_runs,
        most_memory=most_memory,
        cache_budget=budget,
    )


def _subject(database: Database, owner_id: int, submission: SweepSubmission) -> Subject:
    """What the sweep is about; a table is prepared outside the transaction that reads it."""
    if submission.function is not None:
        return FunctionSubject(submission.function.function())
    assert submission.dataset is not None, "a submission names one or the other"  # noqa: S101
    with database.read() as session:
        table = find_table(session, owner_id, submission.dataset)
    return DatasetSubject.of(submission, table)


def _find(session: Session, owner_id: int, key: str | None, body: bytes) -> Submitted | None:
    if key is None:
        return None
    sweep = session.scalar(select(Sweep).where(Sweep.owner_id == owner_id, Sweep.idempotency_key == key))
    if sweep is None:
        return None
    if sweep.body_sha256 != body_hash(body):
        message = f"was used before with another body, for sweep {sweep.public_id}"
        raise InvalidSubmission([Fault("Idempotency-Key", message, key, "a new key, or the same body")])
    return Submitted(sweep.id, sweep.public_id, 0, replayed=True)
