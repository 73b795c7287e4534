"""What the core reports each epoch is gathered in memory and written about once a second."""

from __future__ import annotations

import hashlib
import logging
import time
from typing import Any

from safetensors.numpy import save

from core.early_stopping import Observed
from core.layer_statistics import LayerStatistics
from core.training import Directive, EpochReport
from core.training import Ending as CoreEnding
from service.lifecycle.claim import Claim, ClaimedRun
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.last_states import Kept
from service.lifecycle.record import Batch, Ending, KeptWeights, Progress, record
from service.lifecycle.thin_rows import VALIDATION
from service.planning import screening
from service.planning.going_on import GoesOn, before_the_end, goes_on, is_validated_as_the_last
from service.planning.measurements import COLUMNS, SCORES, Measurement, RunMetrics, is_recorded
from service.planning.statuses import RunState
from service.store.full_disk import DiskFull
from worker.context import Context
from worker.final_test import FinalTest
from worker.measured import measured
from worker.training import Training

log = logging.getLogger(__name__)

LAYER_COLUMNS = ("gradient_norm", "weight_norm", "update_ratio")
ROOM_SECONDS = 1.0  # from one look for room on a full disk to the next
MOST_WAITING_ROWS = 200_000  # of losses that wait in memory, some 60 MB; then training waits, too


class Recorder:
    """The core's callback for one claim."""

    def __init__(self, context: Context, claim: Claim, training: Training) -> None:
        self._context, self._claim, self._training = context, claim, training
        self._aims, self._population = training.aims, training.population
        self._metrics = [
            RunMetrics(self._aims.task, self._aims.metric, self._aims.goal, run.metrics) for run in claim.runs
        ]
        self._score = SCORES.get(self._aims.task)
        self._epochs = claim.runs[0].epochs  # one population, one number of epochs
        self._seconds = [run.train_seconds for run in claim.runs]
        self._batch = Batch()
        self._latest: dict[int, tuple[Measurement, LayerStatistics | None, int]] = {}  # by member; its place
        self._best: dict[int, Measurement] = {}  # by member, if its row is not among the recorded ones
        self._unaware: dict[int, dict[str, Any]] = {}  # by member, metrics to go on with after the last epoch
        self._full: DiskFull | None = None  # what the last attempt to write met
        self._recorded_at = self._checkpointed_at = self._resumed_at = time.monotonic()

    def on_epoch(self, report: EpochReport) -> Directive | None:
        """Take in one epoch of the population; raises LeaseLost where writing finds the lease gone."""
        core_seconds = time.monotonic() - self._resumed_at
        members = report.members.tolist()
        self._batch.epoch = report.epoch
        recorded = is_recorded(report.epoch, self._epochs)
        rows = zip(members, measured(report, self._aims.task), strict=True)
        for position, (member, values) in enumerate(rows):
            self._seconds[member] += core_seconds / len(members)
            self._measure(member, position, values, report, recorded=recorded)
        runs = [self._claim.runs[ending.member] for ending in report.endings]
        for ending, run, test in zip(
            report.endings, runs, self._training.test(report.endings, runs), strict=True
        ):
            self._end(ending, run, test)
        settings = self._context.settings
        moment = time.monotonic()
        if moment - self._recorded_at >= settings.record_seconds:
            self.flush(checkpoint=moment - self._checkpointed_at >= settings.checkpoint_seconds)
            while len(self._batch.measurements) >= MOST_WAITING_ROWS and not self._context.stopping.is_set():
                self._context.stopping.wait(ROOM_SECONDS)
                self.flush()
        self._resumed_at = time.monotonic()
        return None

    def flush(self, *, checkpoint: bool = False) -> bool:
        """Write what was gathered, with a checkpoint of every run that is still training if asked for.

        Whether it is written: what finds a full disk is kept, and is part of the next attempt.
        """
        batch, self._batch = self._batch, Batch()
        latest, self._latest = self._latest, {}
        for member, (measurement, layers, position) in latest.items():
            metrics = self._metrics[member]
            if layers is not None:
                metrics.add_layers(_by_layer(layers, position))
            batch.progress[self._claim.runs[member].run_id] = Progress(
                measurement,
                metrics.document(),
                metrics.best_epoch,
                self._seconds[member],
                metrics.last_values,
            )
        checkpointed_at = time.monotonic() if checkpoint else self._checkpointed_at
        if checkpoint:
            batch.measurements += self._best.values()
            for member in self._population.active.tolist():
                content = self._population.checkpoint(member)
                digest = hashlib.sha256(content).hexdigest()
                run_id = self._claim.runs[member].run_id
                batch.checkpoints[run_id] = (self._population.epoch, digest, content)
        self._recorded_at = time.monotonic()
        if not (batch.progress or batch.endings or batch.checkpoints):
            return True
        lease = self._context.settings.lease_seconds
        try:
            state = self._context.database.run(
                lambda session: record(session, self._claim, batch, lease_seconds=lease)
            )
        except DiskFull as full:
            batch.checkpoints.clear()  # each is soon an old one
            self._batch = batch
            self._say_that_it_waits(full)
            return False
        self._checkpointed_at, self._full = checkpointed_at, None
        if state is not None and state.is_final:
            keep_headlines(self._context.database)
        self._recorded_at = time.monotonic()
        return True

    def finish(self, *, checkpoint: bool = False) -> None:
        """Write all of it; a full disk is waited for as long as the worker may stay.

        Raises:
            DiskFull: the worker is to stop, and there was no room until then.
            LeaseLost: there was room for others first.
        """
        while not self.flush(checkpoint=checkpoint):
            if self._context.stopping.wait(ROOM_SECONDS) and not self.flush(checkpoint=checkpoint):
                assert self._full is not None  # noqa: S101 - why nothing was written
                raise self._full

    def _say_that_it_waits(self, full: DiskFull) -> None:
        level = logging.WARNING if self._full is None else logging.DEBUG  # once for each time without room
        rows, endings = len(self._batch.measurements), len(self._batch.endings)
        log.log(
            level,
            "the database's disk is full (%s): %d loss rows and %d endings of population %s wait for room",
            full.orig,
            rows,
            endings,
            self._claim.public_id,
        )
        self._full = full

    def _measure(
        self,
        member: int,
        position: int,
        values: tuple[float | None, ...],
        report: EpochReport,
        *,
        recorded: bool,
    ) -> None:
        measurement = Measurement(self._claim.runs[member].run_id, report.epoch, values)
        metrics = self._metrics[member]
        if report.epoch == self._epochs and self._keeps_state(member):
            self._unaware[member] = self._metrics_unaware(member, measurement)
        metrics.add(measurement)
        self._latest[member] = measurement, report.layers, position
        if recorded:
            self._batch.measurements.append(measurement)
        if metrics.best_epoch == report.epoch:
            self._best.pop(member, None)
            if not recorded:
                self._best[member] = measurement

    def _keeps_state(self, member: int) -> bool:
        configuration = self._population.members[member].configuration
        how = goes_on(configuration, self._aims.task, self._aims.keep_weights)
        return self._context.settings.last_states > 0 and how is GoesOn.FROM_STATE

    def _metrics_unaware(self, member: int, last: Measurement) -> dict[str, Any]:
        """A run's metrics after its last epoch, had it not known that it was the last."""
        task = self._aims.task
        metrics = RunMetrics(task, self._aims.metric, self._aims.goal, self._metrics[member].document())
        if is_validated_as_the_last(self._population.members[member].configuration, last.epoch):
            values = dict(zip(COLUMNS, last.values, strict=True)) | dict.fromkeys(VALIDATION)
            last = Measurement(last.run_id, last.epoch, tuple(values.values()))
        metrics.add(last)
        return before_the_end(metrics.document(), task)

    def _end(self, ending: CoreEnding, run: ClaimedRun, test: FinalTest) -> None:
        # Of a long run not every epoch is recorded, but always the last and the best.
        self._batch.measurements.append(self._latest[ending.member][0])
        if ending.member in self._best:
            self._batch.measurements.append(self._best.pop(ending.member))
        metrics = self._metrics[ending.member]
        if ending.restored is not None:
            metrics.restore(_measurement(run, ending.restored))
        metrics.add_final(test.metrics, test.details)
        arrival = self._training.arrival(ending)
        if arrival is not None:
            metrics.add_arrival(arrival)
        if ending.screened is not None:
            metrics.add_screened(screening.document(ending.screened))
        self._keep_last_state(ending, run)
        self._batch.endings.append(
            Ending(
                run_id=run.run_id,
                state=RunState(ending.state),
                reason=ending.reason,
                epoch=ending.epoch,
                collapsed=ending.collapsed,
                diverged_step=ending.step,
                diverged_tensor=ending.tensor,
                weights_sha256=ending.weights_sha256,
                test_loss=test.metrics.get("test_loss"),
                test_score=test.metrics.get(f"test_{self._score}"),
                test_outcomes=test.outcomes,
                weights=self._kept(ending),
            )
        )

    def _keep_last_state(self, ending: CoreEnding, run: ClaimedRun) -> None:
        """Take what the run would go on from, unless its weights are all of it, or nothing is kept."""
        before = self._unaware.pop(ending.member, None)
        if ending.going_on is None or before is None:
            return
        content = ending.going_on()
        digest = hashlib.sha256(content).hexdigest()
        self._batch.last_states.append(Kept(run.run_id, ending.epoch, digest, content, before))

    def _kept(self, ending: CoreEnding) -> tuple[KeptWeights, ...]:
        kept = []
        if self._aims.keep_weights in ("final", "both"):
            content = save(ending.parameters)
            kept.append(KeptWeights("final", ending.weights_epoch, ending.weights_sha256, content))
        if self._aims.keeps_best and (best := ending.best) is not None:
            kept.append(KeptWeights("best", best.seen.epoch, best.weights_sha256, save(best.parameters)))
        return tuple(kept)


def _measurement(run: ClaimedRun, seen: Observed) -> Measurement:
    """An epoch as early stopping remembers it; what it does not remember is None."""
    values = (seen.train_loss, seen.train_score, seen.validation_loss, seen.validation_score)
    return Measurement(run.run_id, seen.epoch, (*values, *[None] * (len(COLUMNS) - len(values))))


def _by_layer(layers: LayerStatistics, position: int) -> list[dict[str, float]]:
    columns = {name: getattr(layers, name)[position].tolist() for name in LAYER_COLUMNS}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
