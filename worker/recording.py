"""What the core reports each epoch is gathered in memory and written about once a second."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from safetensors.numpy import save
from sqlalchemy.exc import DBAPIError

from core.early_stopping import Observed
from core.layer_statistics import LayerStatistics
from core.training import Directive, EpochReport
from core.training import Ending as CoreEnding
from service.lifecycle.claim import Claim, ClaimedRun
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.last_states import Kept
from service.lifecycle.record import Batch, Ending, KeptWeights, Leader, Progress, record
from service.lifecycle.thin_rows import VALIDATION
from service.planning import screening
from service.planning.going_on import GoesOn, before_the_end, goes_on, is_validated_as_the_last
from service.planning.layer_records import LAYER_COLUMNS, pack
from service.planning.measurements import COLUMNS, SCORES, Measurement, is_recorded
from service.planning.population_metrics import MEASURED, PopulationMetrics
from service.planning.statuses import Role, RunState
from service.store.database import may_pass
from service.store.full_disk import DiskFull
from worker.context import Context
from worker.final_test import FinalTest
from worker.measured import Measured
from worker.training import Training

log = logging.getLogger(__name__)

ROOM_SECONDS = 1.0  # from one look for room on a full disk to the next
MOST_WAITING_ROWS = 200_000  # of losses that wait in memory, some 60 MB; then training waits, too


class Recorder:
    """The core's callback for one claim."""

    def __init__(self, context: Context, claim: Claim, training: Training) -> None:
        self._context, self._claim, self._training = context, claim, training
        self._aims, self._population = training.aims, training.population
        self._metrics = self._metrics_of([run.metrics for run in claim.runs])
        self._score = SCORES.get(self._aims.task)
        self._epochs = claim.runs[0].epochs  # one population, one number of epochs
        self._seconds = np.array([run.train_seconds for run in claim.runs])
        self._core_seconds = 0.0  # since what was measured was last taken in
        self._measured: Measured | None = None  # epochs that are not taken in yet
        self._batch = Batch()
        self._latest: dict[int, tuple[Measurement, LayerStatistics | None, int]] = {}  # by member; its place
        self._searched = np.array([run.role == Role.SEARCH for run in claim.runs])
        self._led: float | None = None  # the best value that was told of these runs
        self._best: dict[int, Measurement] = {}  # by member, if its row is not among the recorded ones
        self._unaware: dict[int, dict[str, Any]] = {}  # by member, metrics to go on with after the last epoch
        self._waits_for: DBAPIError | None = None  # what the last attempt to write met
        self._recorded_at = self._checkpointed_at = self._resumed_at = time.monotonic()

    def on_epoch(self, report: EpochReport) -> Directive | None:
        """Take in one epoch of the population; raises LeaseLost where writing finds the lease gone."""
        self._core_seconds += time.monotonic() - self._resumed_at
        self._batch.epoch = report.epoch
        if report.epoch == self._epochs:
            self._take_in()
            self._unaware = self._metrics_unaware(report)
        self._measured = self._measured or Measured(report.members, self._aims.task)
        self._measured.add(report)
        if report.endings:
            self._take_in()
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

        Whether it is written: what finds a full disk, or no database, is kept for the next attempt.
        """
        self._take_in()
        batch, self._batch = self._batch, Batch()
        latest, self._latest = self._latest, {}
        for member, (measurement, layers, position) in latest.items():
            if layers is not None:
                self._metrics.add_layers(member, _by_layer(layers, position))
            batch.progress[measurement.run_id] = Progress(
                measurement,
                self._metrics.document(member),
                self._metrics.best_epoch(member),
                float(self._seconds[member]),
                self._metrics.last_values(member),
            )
        checkpointed_at = time.monotonic() if checkpoint else self._checkpointed_at
        self._tell_leader(batch)
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
        except DBAPIError as error:
            if not may_pass(error):
                raise
            batch.checkpoints.clear()  # each is soon an old one
            self._batch = batch
            self._say_that_it_waits(error)
            return False
        self._checkpointed_at, self._waits_for = checkpointed_at, None
        if state is not None and state.is_final:
            keep_headlines(self._context.database)
        self._recorded_at = time.monotonic()
        return True

    def _tell_leader(self, batch: Batch) -> None:
        found = self._metrics.leader(self._searched)
        if found is not None and found[1] != self._led:
            place, self._led = found
            batch.leader = Leader(self._claim.runs[place].number, self._led, self._aims.goal)

    def finish(self, *, checkpoint: bool = False) -> None:
        """Write all of it; for room, or for a database, it waits for as long as the worker may stay.

        Raises:
            DBAPIError: the worker is to stop, and could not write until then.
            LeaseLost: others could write first.
        """
        while not self.flush(checkpoint=checkpoint):
            if self._context.stopping.wait(ROOM_SECONDS) and not self.flush(checkpoint=checkpoint):
                assert self._waits_for is not None  # noqa: S101 - why nothing was written
                raise self._waits_for

    def _say_that_it_waits(self, error: DBAPIError) -> None:
        level = logging.WARNING if self._waits_for is None else logging.DEBUG  # once, however long it takes
        what, until = (
            ("disk is full", "wait for room")
            if isinstance(error, DiskFull)
            else ("server or file cannot be used now", "wait")
        )
        log.log(
            level,
            "the database's %s (%s): %d loss rows and %d endings of population %s %s",
            what,
            error.orig,
            len(self._batch.measurements),
            len(self._batch.endings),
            self._claim.public_id,
            until,
        )
        self._waits_for = error

    def _take_in(self) -> None:
        """Look at the epochs that were gathered, in which the same members trained."""
        seen, self._measured = self._measured, None
        if seen is None:
            return
        members = seen.members.tolist()
        self._seconds[members] += self._core_seconds / len(members)
        self._core_seconds = 0.0
        best = self._metrics.add(
            seen.members, seen.epochs, seen.values[:, : len(MEASURED)], seen.known[:, : len(MEASURED)]
        )
        runs = [self._claim.runs[member].run_id for member in members]
        of_epochs = [
            list(map(Measurement, runs, repeat(epoch), seen.rows(place)))
            for place, epoch in enumerate(seen.epochs)
        ]
        recorded = [place for place, epoch in enumerate(seen.epochs) if is_recorded(epoch, self._epochs)]
        for place in recorded:
            self._batch.measurements += of_epochs[place]
        if recorded and seen.layers:
            self._keep_layers(
                runs, [seen.epochs[place] for place in recorded], [seen.layers[place] for place in recorded]
            )
        last_layers = seen.layers[-1] if seen.layers else None
        latest = zip(of_epochs[-1], repeat(last_layers), range(len(members)), strict=False)
        self._latest.update(zip(members, latest, strict=True))
        for position, place in enumerate(best.tolist()):
            if place >= 0:
                self._best.pop(members[position], None)
                if not is_recorded(seen.epochs[place], self._epochs):
                    self._best[members[position]] = of_epochs[place][position]

    def _keep_layers(
        self, runs: Sequence[int], epochs: Sequence[int], statistics: Sequence[LayerStatistics]
    ) -> None:
        dtype = self._population.members[0].configuration.dtype  # one population, one precision
        self._batch.layers += pack(runs, epochs, statistics, dtype)

    def _keeps_state(self, member: int) -> bool:
        configuration = self._population.members[member].configuration
        how = goes_on(configuration, self._aims.task, self._aims.keep_weights)
        return self._context.settings.last_states > 0 and how is GoesOn.FROM_STATE

    def _metrics_unaware(self, report: EpochReport) -> dict[int, dict[str, Any]]:
        """Runs' metrics after their last epoch, had they not known that it was the last, by member."""
        places = [place for place, member in enumerate(report.members.tolist()) if self._keeps_state(member)]
        if not places:
            return {}
        members = report.members[places].tolist()
        metrics = self._metrics_of([self._metrics.document(member) for member in members])
        last = Measured.of(report, self._aims.task)
        values, known = last.values[:, : len(MEASURED), places], last.known[:, : len(MEASURED)]
        if is_validated_as_the_last(self._population.members[0].configuration, report.epoch):
            known &= np.array([name not in VALIDATION for name in MEASURED])
        metrics.add(np.arange(len(places)), last.epochs, values, known)
        return {
            member: before_the_end(metrics.document(place), self._aims.task)
            for place, member in enumerate(members)
        }

    def _metrics_of(self, documents: Sequence[Mapping[str, Any]]) -> PopulationMetrics:
        return PopulationMetrics(self._aims.task, self._aims.metric, self._aims.goal, documents)

    def _end(self, ending: CoreEnding, run: ClaimedRun, test: FinalTest) -> None:
        # Of a long run not every epoch is recorded, but always the last and the best.
        last, layers, position = self._latest[ending.member]
        self._batch.measurements.append(last)
        if layers is not None and not is_recorded(last.epoch, self._epochs):
            self._keep_layers([run.run_id], [last.epoch], [layers.row(position)])
        if ending.member in self._best:
            self._batch.measurements.append(self._best.pop(ending.member))
        if ending.restored is not None:
            self._metrics.restore(ending.member, _measurement(run, ending.restored))
        self._metrics.add_final(ending.member, test.metrics, test.details)
        arrival = self._training.arrival(ending)
        if arrival is not None:
            self._metrics.add_arrival(ending.member, arrival)
        if ending.screened is not None:
            self._metrics.add_screened(ending.member, screening.document(ending.screened))
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
