"""A worker trains a finished run again, alone and from its beginning, and compares what comes out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

from safetensors.numpy import load
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.reports import Ending, EpochReport
from core.version import NUMERICS_VERSION
from service import logs
from service.errors import LeaseLost
from service.lifecycle.verification_lease import (
    Expected,
    Verdict,
    VerificationClaim,
    claim_verification,
    end_verification,
    give_verification_back,
    hold_verification,
    queued_verifications,
)
from service.lifecycle.verify import VERIFIABLE, other_numerics
from service.lifecycle.workers import worker_turned_to
from service.planning.measurements import decode
from service.planning.tensor_distance import distance
from service.planning.verification import FirstDifference, VerificationState, as_json, first_difference
from service.store.database import Database
from service.store.schema import LossRow, Run, Weights
from worker.context import Context
from worker.execution import training_of
from worker.heartbeat import BEATS_PER_LEASE
from worker.measured import Measured
from worker.memory import out_of_memory

log = logging.getLogger(__name__)


def verify_next(context: Context) -> bool:
    """Claim the next verification and bring it to its end; False when there was none."""
    with context.database.read() as session:  # this is asked after every population, and mostly for nothing
        if not queued_verifications(session):
            return False
    claim = context.database.run(lambda session: _claim(session, context))
    if claim is None:
        return False
    with logs.about(verification=claim.public_id, worker=context.name):
        _finish(context, claim)
    return True


def _finish(context: Context, claim: VerificationClaim) -> None:
    try:
        _verify(context, claim)
    except LeaseLost as lost:
        log.info("%s: the work is dropped", lost)
    except SQLAlchemyError:  # it is queued again when the lease ends
        log.exception("verification %s is dropped", claim.public_id)
        raise
    except MemoryError as error:
        log.exception("verification %s ran out of memory", claim.public_id)
        context.forget_materials()
        _fail(context, claim, out_of_memory(error, context.settings.worker_memory))
    except Exception as error:  # it would come again
        log.exception("verification %s failed", claim.public_id)
        _fail(context, claim, f"{type(error).__name__}: {error}")


def _claim(session: Session, context: Context) -> VerificationClaim | None:
    claim = claim_verification(
        session,
        worker=context.name,
        environment_class=context.environment_class,
        lease_seconds=context.settings.lease_seconds,
    )
    if claim is not None:
        worker_turned_to(session, context.name, None)
    return claim


def _verify(context: Context, claim: VerificationClaim) -> None:
    expected = claim.expected
    if expected.state not in VERIFIABLE:
        _fail(context, claim, f"the run is {expected.state} by now: it has no end to be compared with")
        return
    if expected.numerics_version != NUMERICS_VERSION:
        _fail(context, claim, other_numerics(expected.numerics_version))
        return
    with _holding(context.database, claim, lease_seconds=context.settings.lease_seconds) as lost:
        materials = context.materials(claim.sweep_id)
        with context.database.read() as session:
            again = _Again(materials.aims.task, _stored_losses(session, claim))
        training_of([claim.run], materials).run(
            on_epoch=again.on_epoch, should_stop=lambda: lost.is_set() or context.stopping.is_set()
        )
        ending = again.ending
        verdict = None if ending is None else _verdict(context, claim, again, ending)
    if verdict is None:  # told to stop; if the lease is lost, this says so
        context.database.run(lambda session: give_verification_back(session, claim))
    else:
        context.database.run(lambda session: _end(session, claim, verdict))


@dataclass(slots=True)
class _Again:
    """What the second training measures, compared epoch by epoch with the stored losses."""

    task: str
    stored: Mapping[int, list[float | None]]
    first: FirstDifference | None = None
    compared: int = 0
    ending: Ending | None = None

    def on_epoch(self, report: EpochReport) -> None:
        """Take in one epoch of the only member."""
        before = self.stored.get(report.epoch)
        if before is not None:
            (values,) = Measured.of(report, self.task).rows(0)
            self.compared += 1
            self.first = self.first or first_difference(report.epoch, before, values)
        if report.endings:
            self.ending = report.endings[0]


def _verdict(context: Context, claim: VerificationClaim, again: _Again, ending: Ending) -> Verdict:
    with context.database.read() as session:
        rows = session.scalars(select(Weights).where(Weights.run_id == claim.run.run_id))
        stored = {row.which: row for row in rows}
    comparison = _comparison(claim.expected, again, ending, stored)
    faults = _faults(claim.expected, ending, comparison)
    if faults and claim.expected.environment_class != context.environment_class:
        faults.insert(0, "another environment class")
    state = VerificationState.DIFFERS if faults else VerificationState.MATCHES
    return Verdict(state, "; ".join(faults) or None, ending.weights_sha256, comparison)


def _end(session: Session, claim: VerificationClaim, verdict: Verdict) -> None:
    """Write the verdict, unless the run itself has become another one meanwhile."""
    now_is = session.execute(
        select(Run.state, Run.epoch, Run.weights_sha256).where(Run.id == claim.run.run_id)
    ).one_or_none()
    expected = claim.expected
    # A run that was deleted has taken its verification with it, which is found by its lease.
    if now_is is not None and tuple(now_is) != (expected.state, expected.epoch, expected.weights_sha256):
        reason = f"the run became {now_is.state} while it was trained again: it has no such end any more"
        verdict = Verdict(VerificationState.FAILED, reason)
    end_verification(session, claim, verdict)


def _comparison(
    expected: Expected, again: _Again, ending: Ending, stored: Mapping[str, Weights]
) -> dict[str, Any]:
    final, best = stored.get("final"), stored.get("best")
    again_best = ending.best.weights_sha256 if best is not None and ending.best is not None else None
    return {
        "state": [expected.state, ending.state],
        "epoch": [expected.epoch, ending.epoch],
        "weights_sha256": [expected.weights_sha256, ending.weights_sha256],
        "best_weights_sha256": None if best is None else [best.weights_sha256, again_best],
        "weights": None if final is None else as_json(distance(load(final.content), ending.parameters)),
        "losses": {
            "stored": len(again.stored),
            "compared": again.compared,
            "first_difference": as_json(again.first),
        },
    }


def _faults(expected: Expected, ending: Ending, comparison: Mapping[str, Any]) -> list[str]:
    """In what the two trainings differ, in words."""
    found = []
    if (expected.state, expected.epoch) != (ending.state, ending.epoch):
        found.append(
            f"it was {expected.state} after epoch {expected.epoch}, and {ending.state} after {ending.epoch}"
        )
    elif (expected.diverged_step, expected.diverged_tensor) != (ending.step, ending.tensor):
        found.append(f"it diverged at step {expected.diverged_step}, and at step {ending.step}")
    if expected.weights_sha256 != ending.weights_sha256:
        found.append("the weights have another hash")
    best = comparison["best_weights_sha256"]
    if best is not None and best[0] != best[1]:
        found.append("the best weights have another hash")
    losses = comparison["losses"]
    first = losses["first_difference"]
    if first is not None:
        column = first["column"].replace("_", " ")
        found.append(f"the {column} of epoch {first['epoch']} was {first['stored']}, then {first['again']}")
    elif losses["compared"] < losses["stored"]:
        found.append(f"only {losses['compared']} of {losses['stored']} recorded epochs came again")
    return found


def _stored_losses(session: Session, claim: VerificationClaim) -> dict[int, list[float | None]]:
    rows = session.execute(select(*LossRow.__table__.columns).where(LossRow.run_id == claim.run.run_id))
    return {row.epoch: decode(row._asdict()) for row in rows}


def _fail(context: Context, claim: VerificationClaim, reason: str) -> None:
    verdict = Verdict(VerificationState.FAILED, reason)
    try:
        context.database.run(lambda session: end_verification(session, claim, verdict))
    except LeaseLost as lost:
        log.info("%s: its failure is not recorded", lost)


@contextmanager
def _holding(database: Database, claim: VerificationClaim, *, lease_seconds: float) -> Iterator[Event]:
    """Renew the lease three times per lease while the block lasts; the event says that it is lost."""
    lost, done = Event(), Event()

    def hold() -> None:
        while not done.wait(lease_seconds / BEATS_PER_LEASE):
            try:
                database.run(lambda session: hold_verification(session, claim, lease_seconds=lease_seconds))
            except LeaseLost:
                lost.set()
                return
            except SQLAlchemyError:  # the database may come back before the lease ends
                log.warning("the lease on %s could not be renewed", claim.public_id, exc_info=True)

    thread = Thread(target=copy_context().run, args=(hold,), name="verification heartbeat", daemon=True)
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()
