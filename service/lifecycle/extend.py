"""An extension is planned as a submission is, without a transaction, and adds to a sweep in one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, undefer

from core.version import NUMERICS_VERSION
from service.datasets.table import Table
from service.errors import Conflict, InvalidSubmission, NotFound
from service.lifecycle.calibrations import cache_budget
from service.lifecycle.create import add_runs
from service.lifecycle.dataset_subject import DatasetSubject
from service.lifecycle.datasets import read_table
from service.lifecycle.function_subject import FunctionSubject
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.limits import Limits, most_runs, within
from service.lifecycle.more_epochs import train_on
from service.lifecycle.owned_sweep import OwnedSweep, take_sweep
from service.lifecycle.pause import hold_back
from service.lifecycle.plan import SweepPlan, plan_sweep
from service.lifecycle.plan_submission import MOST_MEMORY
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.reuse import Answered, find_originals, share_out, still_answer
from service.lifecycle.story import tell
from service.lifecycle.subject import Subject
from service.lifecycle.workers import live_workers
from service.planning import extension
from service.planning.statuses import Role, held_back
from service.planning.strict_json import loads
from service.planning.submission import SweepSubmission, parse
from service.planning.sweep_file import read
from service.store.database import Database
from service.store.schema import ConfigurationRow, Dataset, Run, Sweep
from service.store.written_json import as_json

RunKey = tuple[str, int, str]  # configuration hash, seed, role


@dataclass(frozen=True, slots=True)
class _Present:
    """A sweep as it is before it is extended."""

    sweep: Sweep
    table: Table | None  # None where a function is minimised
    runs: Mapping[RunKey, int]  # their numbers
    epochs: int  # the most that a run is to be trained for
    workers: int
    cache_budget: int

    def subject(self, submission: SweepSubmission) -> Subject:
        """What the sweep is about, prepared as the submission says."""
        if self.table is not None:
            return DatasetSubject.of(submission, self.table)
        assert submission.function is not None, "a sweep is about one or the other"  # noqa: S101
        return FunctionSubject(submission.function.function())


def extend_sweep(
    database: Database,
    *,
    owner_id: int,
    public_id: str,
    body: bytes,
    max_runs: int,
    most_memory: int = MOST_MEMORY,
    limits: Limits | None = None,
) -> int:
    """Add seeds, values or epochs to a sweep; how many workers are to be rung.

    What the sweep has already is not added again, so that a request may be repeated. A final sweep is run
    again, a paused one stays paused.

    Raises:
        InvalidSubmission: everything that is wrong with the body, alone or together with the sweep.
        NotFound: the owner has no such sweep.
        LimitReached: the owner has no room for as much.
        Conflict: the sweep's arithmetic or preprocessing is no longer this version's, it was extended by
            somebody else at the same moment, or epochs are asked for before it is final.
    """
    asked = extension.read(loads(body))
    with database.read() as session:
        present = _present(session, owner_id, public_id)
    submitted = read(present.sweep.submitted.encode(), present.sweep.media_type)
    assert isinstance(submitted, dict)  # noqa: S101 - it was accepted as an object
    before = parse(extension.extended(submitted, present.sweep.extensions))
    step = extension.exactly(asked, before)
    document = extension.extended(submitted, [*present.sweep.extensions, step])
    submission = parse(document)
    if asked.rerun is not None:
        submission = submission.model_copy(update={"rerun": asked.rerun})
    plan = plan_sweep(
        submission,
        present.subject(submission),
        live_workers=present.workers,
        max_runs=most_runs(max_runs, limits),
        most_memory=most_memory,
        cache_budget=present.cache_budget,
    )
    _require_same_data(present.sweep, plan)
    if asked.epochs is None:
        return _add(database, owner_id, present, plan, step, limits)
    if faults := extension.epoch_faults(asked.epochs, before, present.epochs, plan.hashes):
        raise InvalidSubmission(faults)
    if asked.epochs == present.epochs:
        return 0
    return database.run(
        within(limits, owner_id, lambda session: train_on(session, owner_id, public_id, plan, step))
    )


def _present(session: Session, owner_id: int, public_id: str) -> _Present:
    sweep = session.scalar(
        select(Sweep)
        .where(Sweep.public_id == public_id, Sweep.owner_id == owner_id)
        .options(undefer(Sweep.submitted), undefer(Sweep.preprocessing), undefer(Sweep.split))
    )
    if sweep is None:
        raise NotFound(f"there is no sweep {public_id}")
    table = None
    if sweep.dataset_id is not None:
        dataset = select(Dataset).where(Dataset.id == sweep.dataset_id).options(undefer(Dataset.content))
        table = read_table(session.scalars(dataset).one())
    runs = session.execute(
        select(ConfigurationRow.hash, Run.seed, Run.role, Run.number)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(Run.sweep_id == sweep.id)
    )
    numbers = {(digest, seed, role): number for digest, seed, role, number in runs}
    epochs = session.scalars(select(func.max(Run.epochs)).where(Run.sweep_id == sweep.id)).one()
    return _Present(sweep, table, numbers, epochs, live_workers(session), cache_budget(session))


def _require_same_data(sweep: Sweep, plan: SweepPlan) -> None:
    """What is added must be comparable with what is there: one arithmetic, one preprocessing, one split."""
    name = sweep.public_id
    if sweep.numerics_version != NUMERICS_VERSION:
        raise Conflict(
            f"sweep {name} was computed by numerics version {sweep.numerics_version}; only sweeps of this "
            f"version, {NUMERICS_VERSION}, can be extended"
        )
    columns = plan.subject.columns()
    now_fitted = [json.loads(as_json(columns[name])) for name in ("preprocessing", "split")]
    if now_fitted != [sweep.preprocessing, sweep.split]:
        raise Conflict(
            f"sweep {name} was prepared in another way than this version prepares data; only a sweep with "
            "the same preprocessing and split can be extended"
        )


def _add(
    database: Database,
    owner_id: int,
    present: _Present,
    plan: SweepPlan,
    step: Mapping[str, Any],
    limits: Limits | None,
) -> int:
    """Add the runs that are new; those that the owner has had trained before are answered as in a submit."""
    new = _only_new(plan, present.runs)
    if not new.runs:
        return 0
    while True:  # until no original is deleted or extended between the look and the transaction
        with database.read() as session:
            originals = find_originals(session, owner_id, new)
        store = partial(_store, owner_id, present.sweep, plan, *share_out(new, originals), step)
        rings = database.run(within(limits, owner_id, store))
        if rings is not None:
            break
    if originals and not rings:  # the sweep may be final already
        keep_headlines(database)
    return rings


def _only_new(plan: SweepPlan, present: Mapping[RunKey, int]) -> SweepPlan:
    """The part of a plan that a sweep has not got yet, numbered behind its last run."""
    positions = [
        position
        for position, run in enumerate(plan.runs)
        if (plan.hashes[run.configuration], run.seed, run.role.value) not in present
    ]
    place = {position: index for index, position in enumerate(positions)}
    first = max(present.values(), default=0) + 1
    kept = (
        tuple(place[position] for position in members if position in place) for members in plan.populations
    )
    return replace(
        plan,
        runs=tuple(replace(plan.runs[position], number=first + index) for position, index in place.items()),
        populations=tuple(members for members in kept if members),
    )


def _store(
    owner_id: int,
    seen: Sweep,
    whole: SweepPlan,
    new: SweepPlan,
    answered: Answered,
    step: Mapping[str, Any],
    session: Session,
) -> int | None:
    """How many workers are to be rung; None if one of the runs that answer is no longer what it was."""
    sweep = take_sweep(session, owner_id, seen.public_id)
    row = session.scalars(select(Sweep).where(Sweep.id == sweep.id)).one()
    extensions = [*seen.extensions, step]
    if row.extensions == extensions:  # the commit succeeded, and only its answer was lost
        return 0
    require_as_seen(sweep, row.extensions, seen.extensions)
    if not still_answer(session, owner_id, new, answered.originals):
        return None
    moved = add_runs(session, row, new, answered)
    intent = sweep.intent_once_open
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep.id)
        .values(
            intent=intent,
            extensions=extensions,
            run_count=Sweep.run_count + sum(run.role == Role.SEARCH for run in new.runs),
            all_count=Sweep.all_count + len(new.runs),
            queued_count=Sweep.queued_count + len(new.runs),
            epochs_total=Sweep.epochs_total + sum(run.configuration.epochs for run in new.runs),
            planned_bytes=planned_bytes(whole),
            seeds=list(whole.submission.seed_list),
            varied=list(whole.varied),
            constant=dict(whole.constant),
            headline=None,  # also where all runs are answered, and the sweep never was anything but final
            best_result=None,
        )
    )
    paused = held_back(intent)
    if paused:
        moved += hold_back(session, sweep.id)
    document = {"asked": step, "runs": len(new.runs), "populations": len(new.populations)}
    reused = {"reused": len(answered.originals)} if answered.originals else {}
    spared = sum(new.runs[position].configuration.epochs for position in answered.originals)
    tell(session, sweep.id, "extended", document | reused, moved=moved, epochs=spared)
    return 0 if paused else len(new.populations)


def require_as_seen(sweep: OwnedSweep, found: Sequence[object], seen: Sequence[object]) -> None:
    """Refuse to add to a sweep to which somebody else has added since it was looked at."""
    if list(found) != list(seen):
        raise Conflict(
            f"sweep {sweep.public_id} is {sweep.state.value} and was extended by another request at the "
            "same moment; only what is asked for once more, after a look at it, is added"
        )
