"""A run that the owner has had trained before is answered from the store, as a row of its own.

Equal are runs with one identity: data, preprocessing, split, configuration, seed and numerics version, which
are all that decides a run's bits in one environment class. The answer's losses, layer statistics, metrics,
weights and test outcomes are copies, so that no query has to look elsewhere, and deleting the original takes
nothing away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, insert, literal, select, update
from sqlalchemy.orm import Session, aliased

from service.lifecycle.plan import SweepPlan
from service.planning.run_numbers import NUMBER_COLUMNS
from service.planning.statuses import PopulationState, RunState
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import LayerRow, LossRow, PopulationRow, Run, Sweep, Weights

ANSWERING = (RunState.COMPLETED, RunState.DIVERGED)  # they would end so again
AT_ONCE = 5_000  # identities or keys in one statement
WEIGHTS = {"final": ("final",), "best": ("best",), "both": ("final", "best"), "none": ()}
# What an answer has in common with its original; its own are times, number, role and everything of its sweep.
COPIED = (
    "state",
    "reason",
    "epoch",
    "train_loss",
    "train_score",
    "validation_loss",
    "validation_score",
    "test_loss",
    "test_score",
    "best_epoch",
    "metrics",
    "test_outcomes",
    "collapsed",
    "diverged_step",
    "diverged_tensor",
    "environment_class",
    "weights_sha256",
    "train_seconds",
    *NUMBER_COLUMNS,
)

_TIMES = ("started_at", "finished_at")

Originals = Mapping[int, int]  # positions in a plan's runs, and the keys of the runs that answer them


class Answered(NamedTuple):
    """The runs of a plan that are answered; populations hold positions, as those of the plan do."""

    originals: Originals
    populations: tuple[tuple[int, ...], ...]


NOBODY = Answered({}, ())


def find_originals(session: Session, owner_id: int, plan: SweepPlan) -> dict[int, int]:
    """The oldest of the owner's runs that answers each run of the plan; none if it is to be trained again."""
    if plan.submission.rerun:
        return {}
    positions: dict[str, list[int]] = {}
    for position, identity in enumerate(plan.identities):
        positions.setdefault(identity, []).append(position)
    found: dict[int, int] = {}
    for identities in _chunks(positions):
        rows = session.execute(
            select(Run.identity_sha256, func.min(Run.id))
            .join(Sweep, Sweep.id == Run.sweep_id)
            .where(Run.identity_sha256.in_(identities), *_answering(owner_id, plan))
            .group_by(Run.identity_sha256)
        )
        found |= {position: key for identity, key in rows for position in positions[identity]}
    return found


def still_answer(session: Session, owner_id: int, plan: SweepPlan, originals: Originals) -> bool:
    """Whether all of these runs are as they were found; they stay so until the transaction ends.

    Another request may have deleted or extended one since.
    """
    keys = set(originals.values())
    held = 0
    for chunk in _chunks(sorted(keys)):
        statement = (
            select(Run.id)
            .join(Sweep, Sweep.id == Run.sweep_id)
            .where(Run.id.in_(chunk), *_answering(owner_id, plan))
            .order_by(Run.id)
            .with_for_update(read=True, of=Run)
        )
        held += len(session.scalars(statement).all())
    return held == len(keys)


def keep_answered(session: Session, sweep: Sweep, count: int) -> Sequence[int]:
    """The keys of finished populations, in which answered runs stand as if they had been trained there."""
    moment = session.scalars(select(now())).one()
    row = {
        "sweep_id": sweep.id,
        "owner_id": sweep.owner_id,
        "state": PopulationState.FINISHED,
        **dict.fromkeys(("created_at", *_TIMES), moment),
    }
    statement = insert(PopulationRow).returning(PopulationRow.id, sort_by_parameter_order=True)
    keys: list[int] = []
    for chunk in _chunks(range(count)):
        keys += session.scalars(statement, [{"public_id": new_id("p"), **row} for _ in chunk])
    return keys


def answer(session: Session, sweep: Sweep, first: int) -> dict[tuple[RunState, RunState], int]:
    """Give a sweep's answered runs from number `first` on, which are new, all that their originals have.

    Returned is how many entered which state.
    """
    answered = Run.sweep_id == sweep.id, Run.number >= first, Run.reused_from_id.is_not(None)
    original = aliased(Run)
    session.execute(
        update(Run)
        .where(*answered, original.id == Run.reused_from_id)
        .values({name: getattr(original, name) for name in COPIED} | dict.fromkeys(_TIMES, now()))
        .execution_options(synchronize_session=False)
    )
    _copy(session, LossRow, *answered)
    _copy(session, LayerRow, *answered)
    _copy(session, Weights, *answered, Weights.which.in_(WEIGHTS[sweep.keep_weights]))
    counted = session.execute(select(Run.state, func.count()).where(*answered).group_by(Run.state))
    return {(RunState.QUEUED, RunState(state)): count for state, count in counted}


def share_out(plan: SweepPlan, originals: Originals) -> tuple[SweepPlan, Answered]:
    """The plan with populations of only those runs that nobody answers, and the others with theirs."""
    if not originals:
        return plan, NOBODY
    left = [position for position in range(len(plan.runs)) if position not in originals]
    return replace(plan, populations=plan.divide(left)), Answered(originals, plan.divide(list(originals)))


def known_runs(session: Session, plans: Iterable[tuple[int, SweepPlan]]) -> set[tuple[int, str]]:
    """Owners' runs, by identity, that may answer runs of these plans of theirs."""
    asked: dict[str, None] = {}
    owners: set[int] = set()
    for owner_id, plan in plans:
        if not plan.submission.rerun:
            asked.update(dict.fromkeys(plan.identities))
            owners.add(owner_id)
    known: set[tuple[int, str]] = set()
    for identities in _chunks(asked):
        found = session.connection().execute(_KNOWN, {"identities": identities, "owners": [*owners]})
        known.update((owner, identity) for owner, identity in found)
    return known


# By the index of its own SQLite would read every run of an owner to find a few by their identities.
_owner = Run.owner_id + 0
# Made once: building a statement takes longer than running it.
_KNOWN = select(Run.owner_id, Run.identity_sha256).where(
    Run.identity_sha256.in_(bindparam("identities", expanding=True)),
    _owner.in_(bindparam("owners", expanding=True)),
    Run.state.in_(ANSWERING),
)


def _answering(owner_id: int, plan: SweepPlan) -> Iterator[ColumnElement[bool]]:
    yield _owner == owner_id
    yield Run.state.in_(ANSWERING)
    yield Run.replay.is_(None)  # whose bits did not come again when they were replayed
    yield Sweep.metric == plan.submission.metric.name  # by which a run's best epoch was found
    for which in WEIGHTS[plan.submission.keep_weights]:
        yield (
            select(literal(1)).where(Weights.run_id == Run.id, Weights.which == which).correlate(Run).exists()
        )


def _copy(session: Session, table: type[LossRow | LayerRow | Weights], *which: ColumnElement[bool]) -> None:
    kept = [column for column in table.__table__.columns if column.name != "run_id"]
    rows = select(Run.id, *kept).join(table, table.run_id == Run.reused_from_id).where(*which)
    session.execute(insert(table).from_select(["run_id", *(column.name for column in kept)], rows))


def _chunks(keys: Iterable[Any]) -> Iterator[Collection[Any]]:
    left = iter(keys)
    while chunk := list(islice(left, AT_ONCE)):
        yield chunk
