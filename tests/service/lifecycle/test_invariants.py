"""Whatever workers and owners do, in whatever order: nothing is lost, counted twice or left where none is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from service.errors import Conflict, LeaseLost
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.claim import Claim, claim_population
from service.lifecycle.give_back import give_back
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.lifecycle.record import Batch, Ending, Progress, record
from service.lifecycle.requeue import requeue_expired
from service.lifecycle.retry import retry_sweep
from service.planning.measurements import Measurement
from service.planning.statuses import (
    Intent,
    RunState,
    epochs_settled,
    may_become,
    sweep_state,
)
from service.store.database import Database
from service.store.schema import Event, LossRow, PopulationRow, Run, Sweep, metadata

EPOCHS = 8  # of every run
SIZES = (2, 1, 3)
ENDS = (RunState.COMPLETED, RunState.DIVERGED, RunState.FAILED)
# What an unfinished run of a population in this state is.
UNFINISHED = {"queued": "queued", "running": "running", "paused": "paused"}
FINAL = {"completed", "pruned", "diverged", "failed", "canceled"}


class Life:
    """One sweep, its owner and any number of workers, of whom some are dead without knowing it.

    What each step does to which claim follows from a number.
    """

    def __init__(self, database: Database, store: Callable[..., str]) -> None:
        self.database = database
        with database.write() as session:
            for table in reversed(metadata.sorted_tables):
                session.execute(delete(table))
        self.sweep = store(*SIZES)
        with database.write() as session:
            session.execute(update(Run).values(epochs=EPOCHS))
            session.execute(update(Sweep).values(epochs_total=EPOCHS * sum(SIZES)))
        self.claims: list[Claim] = []  # all that were ever taken
        self.epochs: dict[int, int] = {}  # that the holder of a claim has trained
        self.before: dict[int, RunState] = {}
        self.tokens: dict[int, int] = {}

    def _ask(self, ask: Callable[..., Any]) -> None:
        try:
            self.database.run(lambda session: ask(session, local_owner(session), self.sweep))
        except Conflict:
            with self.database.read() as session:
                assert session.scalars(select(Sweep.state)).one() in FINAL

    def claim(self, _number: int) -> None:
        claim = self.database.run(
            lambda session: claim_population(
                session, worker="w", environment_class="e" * 64, lease_seconds=3600
            )
        )
        with self.database.read() as session:
            intent = session.scalars(select(Sweep.intent)).one()
        assert claim is None or intent == "run"
        if claim is not None:
            self.claims.append(claim)
            # As the core does it: from the checkpoints if every run has one, else from the start.
            saved = [run.checkpoint for run in claim.runs]
            assert all(saved) or not any(saved)
            epochs = {int(content) for content in saved if content}
            assert len(epochs) <= 1
            self.epochs[len(self.claims) - 1] = epochs.pop() if epochs else 0

    def train(self, number: int) -> None:
        if not self.claims:
            return
        index = self._newest(number)
        claim, epoch = self.claims[index], self.epochs[index] + 1
        if epoch > EPOCHS:
            return
        checkpoint, end = number % 4 == 0, ENDS[number // 12 % len(ENDS)]
        ends = number % 12 == 0
        with self.database.read() as session:
            training = session.scalars(
                select(Run.id).where(Run.population_id == claim.population_id, Run.state == "running")
            ).all()
        batch = Batch(epoch=epoch)
        last = epoch == EPOCHS
        for run_id in training:
            measurement = Measurement(run_id, epoch, (0.6, 0.8, 0.5, 0.9, 0.1, 1.5, 0.01))
            batch.measurements.append(measurement)
            batch.progress[run_id] = Progress(measurement, {}, epoch, 0.1, measurement.values[:4])
            if last or (ends and run_id == training[0]):
                state = RunState.COMPLETED if last else end
                batch.endings.append(Ending(run_id, state, "it ended", epoch))
            elif checkpoint:
                batch.checkpoints[run_id] = (epoch, "a" * 64, str(epoch).encode())
        self._write(index, lambda session: record(session, claim, batch, lease_seconds=3600))
        self.epochs[index] = epoch

    def hand_back(self, number: int) -> None:
        if self.claims:
            index = self._newest(number)
            self._write(index, lambda session: give_back(session, self.claims[index]))

    def _newest(self, number: int) -> int:
        """One of the three newest claims; the older ones are of dead workers."""
        return max(0, len(self.claims) - 1 - number % 3)

    def _write(self, index: int, unit: Callable[..., Any]) -> None:
        claim = self.claims[index]
        with self.database.read() as session:
            row = session.scalars(select(PopulationRow).where(PopulationRow.id == claim.population_id)).one()
        is_held = row.state == "running" and row.fencing_token == claim.fencing_token
        try:
            self.database.run(unit)
        except LeaseLost:
            assert not is_held
        else:
            assert is_held

    def lose_the_leases(self, _number: int) -> None:
        with self.database.write() as session:
            session.execute(
                update(PopulationRow).where(PopulationRow.state == "running").values(lease_expires_at=1)
            )
        self.database.run(requeue_expired)

    def pause(self, _number: int) -> None:
        self._ask(pause_sweep)

    def resume(self, _number: int) -> None:
        self._ask(resume_sweep)

    def cancel(self, _number: int) -> None:
        self._ask(cancel_sweep)

    def retry(self, _number: int) -> None:
        self._ask(retry_sweep)

    def counts_and_progress_are_those_of_the_runs(self) -> None:
        with self.database.read() as session:
            runs, sweep = session.scalars(select(Run)).all(), session.scalars(select(Sweep)).one()
        assert len(runs) == sum(SIZES)
        counts = Counter(RunState(run.state) for run in runs)
        assert {state: getattr(sweep, f"{state}_count") for state in RunState} == {
            state: counts[state] for state in RunState
        }
        assert sweep.state == sweep_state(counts, Intent(sweep.intent))
        settled = sum(epochs_settled(RunState(run.state), run.epoch, run.epochs) for run in runs)
        assert sweep.epochs_done == settled <= sweep.epochs_total
        assert (sweep.finished_at is not None) == (sweep.state in FINAL)

    def runs_and_populations_agree(self) -> None:
        with self.database.read() as session:
            populations = {row.id: row for row in session.scalars(select(PopulationRow))}
            runs = session.scalars(select(Run)).all()
            intent = session.scalars(select(Sweep.intent)).one()
        for run in runs:
            population = populations[run.population_id]
            assert run.state in FINAL or run.state == UNFINISHED.get(population.state)
        for population in populations.values():
            assert (population.lease_owner is not None) == (population.state == "running")
            assert not (intent == "pause" and population.state == "queued")
            assert population.fencing_token >= self.tokens.get(population.id, 0)
            self.tokens[population.id] = population.fencing_token

    def runs_move_as_the_table_says(self) -> None:
        with self.database.read() as session:
            after = {run.id: RunState(run.state) for run in session.scalars(select(Run))}
        for run_id, state in after.items():
            before = self.before.get(run_id, state)
            # Two steps at once: what is retried in a paused sweep is queued, and held back.
            assert (
                state == before
                or may_become(before, state)
                or any(may_become(before, between) and may_become(between, state) for between in RunState)
            )
        self.before = after

    def epochs_have_no_gap_and_events_neither(self) -> None:
        with self.database.read() as session:
            found: dict[int, list[int]] = {}
            for run_id, epoch in session.execute(select(LossRow.run_id, LossRow.epoch)):
                found.setdefault(run_id, []).append(epoch)
            for run in session.scalars(select(Run)):
                epochs = sorted(found.get(run.id, []))
                assert epochs == list(range(1, len(epochs) + 1))
                assert len(epochs) >= run.epoch
            numbers = session.scalars(select(Event.number)).all()
            assert sorted(numbers) == list(range(1, len(numbers) + 1))


# How often each is tried: most of the time workers work.
STEPS: Mapping[Callable[[Life, int], None], int] = {
    Life.claim: 6,
    Life.train: 10,
    Life.hand_back: 4,
    Life.lose_the_leases: 2,
    Life.pause: 2,
    Life.resume: 3,
    Life.cancel: 1,
    Life.retry: 3,
}
INVARIANTS = (
    Life.counts_and_progress_are_those_of_the_runs,
    Life.runs_and_populations_agree,
    Life.runs_move_as_the_table_says,
    Life.epochs_have_no_gap_and_events_neither,
)
WALKS, LENGTH = 8, 60


def test_no_order_of_what_may_happen_breaks_an_invariant(
    database: Database, stored: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.lifecycle.retry.NUMERICS_VERSION", 1)  # that of the fixture's sweeps
    for seed in range(WALKS):
        chance = Random(seed)  # noqa: S311 - a walk that can be repeated, and no secret
        life = Life(database, stored)
        for act in chance.choices(list(STEPS), list(STEPS.values()), k=LENGTH):
            act(life, chance.randrange(60))
            for check in INVARIANTS:
                check(life)
