"""What a submission asks for becomes a plan; nothing is stored, and no transaction is open meanwhile."""

from __future__ import annotations

from service.datasets.table import Table
from service.errors import InvalidSubmission
from service.lifecycle.dataset_subject import DatasetSubject
from service.lifecycle.datasets import find_table
from service.lifecycle.fleet import fleet_of
from service.lifecycle.function_subject import FunctionSubject
from service.lifecycle.momentary import Momentary
from service.lifecycle.plan import SweepPlan, plan_sweep
from service.lifecycle.prepared_table import is_prepared
from service.lifecycle.subject import Subject
from service.planning import strict_json
from service.planning.submission import SweepSubmission, parse, parse_checked
from service.planning.sweep_file import JSON, read
from service.store.database import Database

MOST_MEMORY = 2**30  # bytes of one run while it trains, unless told otherwise; more is refused
MOST_RUNS_AT_ONCE = 100  # asked for by a sweep that is planned while others wait


def plan_submission(
    database: Database,
    *,
    owner_id: int,
    body: bytes,
    media_type: str = JSON,
    max_runs: int,
    most_memory: int = MOST_MEMORY,
) -> SweepPlan:
    """What a submission would create.

    Raises:
        InvalidSubmission: with every fault.
    """
    submission = parse(read(body, media_type))
    subject = _subject(database, owner_id, submission)
    return _plan(database, submission, subject, max_runs, most_memory)


def plan_at_hand(
    database: Database, *, owner_id: int, body: bytes, max_runs: int, most_memory: int
) -> SweepPlan | None:
    """The same for a body of JSON, or None if that would take long or be refused.

    It takes about half a millisecond where the sweep is small and its table was prepared before.
    """
    try:
        submission = parse_checked(strict_json.loads(body))
        name = submission.dataset
        if name is not None and not _is_at_hand(database, owner_id, name, submission):
            return None
        subject = _subject(database, owner_id, submission)
        return _plan(database, submission, subject, min(max_runs, MOST_RUNS_AT_ONCE), most_memory)
    except InvalidSubmission:  # of something that is wrong, or only of its size
        return None


def forget_tables(database: Database) -> None:
    """Look again what the names of datasets stand for."""
    _TABLES.forget(database)


def _plan(
    database: Database, submission: SweepSubmission, subject: Subject, max_runs: int, most_memory: int
) -> SweepPlan:
    fleet = fleet_of(database)
    return plan_sweep(
        submission,
        subject,
        live_workers=fleet.live_workers,
        max_runs=max_runs,
        most_memory=most_memory,
        cache_budget=fleet.cache_budget,
    )


def _is_at_hand(database: Database, owner_id: int, name: str, submission: SweepSubmission) -> bool:
    table = _TABLES.last(database, (owner_id, name))
    return table is not None and is_prepared(table, submission)


def _subject(database: Database, owner_id: int, submission: SweepSubmission) -> Subject:
    """What the sweep is about; a table is prepared outside the transaction that reads it."""
    if submission.function is not None:
        return FunctionSubject(submission.function.function())
    assert submission.dataset is not None, "a submission names one or the other"  # noqa: S101
    name = submission.dataset

    def find() -> Table:
        with database.read() as session:
            return find_table(session, owner_id, name)

    return DatasetSubject.of(submission, _TABLES.get(database, (owner_id, name), find))


_TABLES: Momentary[Table] = Momentary()
