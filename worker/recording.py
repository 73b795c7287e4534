"""What the core reports each epoch is gathered in memory and written about once a second."""

from __future__ import annotations

import hashlib
import time

from safetensors.numpy import save

from core.training import Directive, EpochReport, Population
from core.training import Ending as CoreEnding
from service.lifecycle.claim import Claim, ClaimedRun
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.materials import Materials
from service.lifecycle.record import Batch, Ending, KeptWeights, Progress, record
from service.planning.measurements import COLUMNS, SCORES, Measurement, RunMetrics, is_recorded
from service.planning.statuses import RunState
from worker.context import Context
from worker.final_test import FinalTest, final_test


class Recorder:
    """The core's callback for one claim."""

    def __init__(self, context: Context, claim: Claim, materials: Materials, population: Population) -> None:
        self._context, self._claim = context, claim
        self._materials, self._population = materials, population
        self._metrics = [
            RunMetrics(materials.task, materials.metric, materials.goal, run.metrics) for run in claim.runs
        ]
        self._seconds = [0.0] * len(claim.runs)
        self._batch = Batch()
        self._latest: dict[int, Measurement] = {}  # by member
        self._recorded_at = self._checkpointed_at = self._resumed_at = time.monotonic()

    def on_epoch(self, report: EpochReport) -> Directive | None:
        """Take in one epoch of the population; raises LeaseLost where writing finds the lease gone."""
        core_seconds = time.monotonic() - self._resumed_at
        for position, member in enumerate(report.members.tolist()):
            self._seconds[member] += core_seconds / len(report.members)
            self._measure(member, position, report)
        for ending in report.endings:
            self._end(ending)
        settings = self._context.settings
        moment = time.monotonic()
        if moment - self._recorded_at >= settings.record_seconds:
            self.flush(checkpoint=moment - self._checkpointed_at >= settings.checkpoint_seconds)
        self._resumed_at = time.monotonic()
        return None

    def flush(self, *, checkpoint: bool = False) -> None:
        """Write what was gathered, with a checkpoint of every run that is still training if asked for."""
        batch, self._batch = self._batch, Batch()
        latest, self._latest = self._latest, {}
        for member, measurement in latest.items():
            metrics = self._metrics[member]
            batch.progress[self._claim.runs[member].run_id] = Progress(
                measurement, metrics.document(), metrics.best_epoch, self._seconds[member]
            )
        if checkpoint:
            for member in self._population.active.tolist():
                content = self._population.checkpoint(member)
                digest = hashlib.sha256(content).hexdigest()
                run_id = self._claim.runs[member].run_id
                batch.checkpoints[run_id] = (self._population.epoch, digest, content)
            self._checkpointed_at = time.monotonic()
        if batch.progress or batch.endings or batch.checkpoints:
            lease = self._context.settings.lease_seconds
            state = self._context.database.run(
                lambda session: record(session, self._claim, batch, lease_seconds=lease)
            )
            if state is not None and state.is_final:
                keep_headlines(self._context.database)
        self._recorded_at = time.monotonic()

    def _measure(self, member: int, position: int, report: EpochReport) -> None:
        run = self._claim.runs[member]
        values: tuple[float | None, ...] = tuple(
            float(getattr(report, column)[position]) for column in COLUMNS
        )
        if not self._materials.has_validation:  # the core says NaN, which elsewhere means divergence
            values = (*values[:2], None, None, *values[4:])
        measurement = Measurement(run.run_id, report.epoch, values)
        self._metrics[member].add(measurement)
        self._latest[member] = measurement
        if is_recorded(report.epoch, run.epochs):
            self._batch.measurements.append(measurement)
        self._batch.epoch = report.epoch

    def _end(self, ending: CoreEnding) -> None:
        run = self._claim.runs[ending.member]
        test = self._test(ending, run)
        self._metrics[ending.member].add_final(test.metrics)
        self._batch.endings.append(
            Ending(
                run_id=run.run_id,
                state=RunState(ending.state),
                reason=ending.reason,
                epoch=ending.epoch,
                collapsed=ending.collapsed,
                diverged_step=ending.step,
                weights_sha256=ending.weights_sha256,
                test_loss=test.metrics.get("test_loss"),
                test_score=test.metrics.get(f"test_{SCORES[self._materials.task]}"),
                test_outcomes=test.outcomes,
                weights=self._kept(ending),
            )
        )

    def _test(self, ending: CoreEnding, run: ClaimedRun) -> FinalTest:
        """What the test rows say of a run that completed; a diverged one is not tested."""
        if ending.state != "completed":
            return FinalTest({}, None)
        configuration = self._materials.configuration(run.configuration)
        return final_test(self._materials, configuration, ending.parameters)

    def _kept(self, ending: CoreEnding) -> tuple[KeptWeights, ...]:
        if self._materials.keep_weights == "none":
            return ()
        return (KeptWeights("final", ending.epoch, ending.weights_sha256, save(ending.parameters)),)
