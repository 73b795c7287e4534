"""A worker claims a population, trains it with the core, and records what happens while it happens."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from core.errors import CoreError
from service import logs
from service.errors import LeaseLost
from service.lifecycle.claim import Claim, ClaimedRun, claim_population
from service.lifecycle.give_back import give_back
from service.lifecycle.materials import FunctionMaterials, Materials
from service.lifecycle.record import Batch, Ending, record
from service.lifecycle.requeue import requeue_lost
from service.lifecycle.workers import worker_turned_to
from service.planning.statuses import RunState
from service.store.database import may_pass
from service.store.full_disk import DiskFull
from worker.context import Context
from worker.function_training import FunctionTraining
from worker.heartbeat import beating
from worker.memory import out_of_memory
from worker.network_training import NetworkTraining
from worker.recording import Recorder
from worker.training import Training

MOST_SAID = 300  # characters of a database's error in a run's reason

log = logging.getLogger(__name__)


def execute_next(context: Context) -> bool:
    """Claim the next queued population and train it to its end; False when there was none."""
    claim = context.database.run(lambda session: _claim(session, context))
    if claim is None:
        return False
    with logs.about(population=claim.public_id, sweep=claim.sweep, worker=context.name):
        return _finish(context, claim)


def _finish(context: Context, claim: Claim) -> bool:
    log.info("claimed %d runs under fencing token %d", len(claim.runs), claim.fencing_token)
    try:
        _execute(context, claim)
        log.info("let go of %d runs", len(claim.runs))
    except LeaseLost as lost:
        log.info("%s: the work is dropped", lost)
    except DiskFull as full:  # and the worker is to stop
        log.error("population %s is left where it was last recorded: %s", claim.public_id, full.orig)  # noqa: TRY400 - no fault of the program
    except SQLAlchemyError as error:  # the runs did nothing wrong, so they are queued again
        log.exception("population %s is dropped", claim.public_id)
        context.database.run(partial(_drop, context=context, error=error))
        raise
    except MemoryError as error:  # the limit was met (worker/memory.py); the process is as good as before
        log.exception("population %s ran out of memory", claim.public_id)
        context.forget_materials()
        _fail(context, claim, out_of_memory(error, context.settings.worker_memory))
    except Exception as error:  # whatever it is, it would come again: the runs end with its text
        log.exception("population %s failed", claim.public_id)
        _fail(context, claim, f"{type(error).__name__}: {error}")
    return True


def _drop(session: Session, context: Context, error: SQLAlchemyError) -> None:
    """Let go of what is leased: at once, and named, if the database will not have it later either."""
    worker_turned_to(session, context.name, None)
    if isinstance(error, DBAPIError) and not may_pass(error):
        first = str(error.orig).splitlines()[:1]  # PostgreSQL's others show what was written
        said = ": ".join([type(error.orig).__name__, *first])[:MOST_SAID]
        requeue_lost(session, context.name, f"the database refused what it asked for: {said}")


def _claim(session: Session, context: Context) -> Claim | None:
    claim = claim_population(
        session,
        worker=context.name,
        environment_class=context.environment_class,
        lease_seconds=context.settings.lease_seconds,
    )
    # That it is idle is said once it has looked in vain: mostly the next population is claimed at once.
    worker_turned_to(session, context.name, None if claim is None else claim.population_id)
    return claim


def _execute(context: Context, claim: Claim) -> None:
    with beating(context.database, claim, lease_seconds=context.settings.lease_seconds) as heard:
        # A large dataset may take longer to come than a lease lasts.
        training = _taken_up(claim, context.materials(claim.sweep_id))
        recorder = Recorder(context, claim, training)
        training.run(
            on_epoch=recorder.on_epoch,
            should_stop=lambda: heard.anything or context.stopping.is_set(),
        )
        if training.population.active.size and (context.stopping.is_set() or heard.pause.is_set()):
            recorder.finish(checkpoint=True)
            context.database.run(lambda session: give_back(session, claim))
        else:
            recorder.finish()


def _taken_up(claim: Claim, materials: Materials) -> Training:
    """The claimed runs in the core; from their beginning if a checkpoint is not what was written.

    They come to the same bits, and what was recorded of them stays and is compared with what comes again.
    """
    try:
        return training_of(claim.runs, materials)
    except CoreError as error:
        if all(run.checkpoint is None for run in claim.runs):
            raise
        log.error("%d runs begin again, they cannot go on: %s", len(claim.runs), error)  # noqa: TRY400 - all is said
        return training_of([replace(run, checkpoint=None) for run in claim.runs], materials)


def training_of(runs: Sequence[ClaimedRun], materials: Materials) -> Training:
    """The runs in the core, continued from their checkpoints where every one of them has one."""
    if isinstance(materials, FunctionMaterials):
        return FunctionTraining(runs, materials)
    return NetworkTraining(runs, materials)


def _fail(context: Context, claim: Claim, reason: str) -> None:
    endings = [Ending(run.run_id, RunState.FAILED, reason, run.epoch) for run in claim.runs]
    batch = Batch(endings=endings)
    lease = context.settings.lease_seconds
    try:
        context.database.run(lambda session: record(session, claim, batch, lease_seconds=lease))
    except LeaseLost as lost:
        log.info("%s: its failure is not recorded", lost)
