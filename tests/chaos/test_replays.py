"""A run that is taken over repeats itself to the last bit, and is found out where it does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from numpy.random import PCG64, Generator, SeedSequence

from core import streams
from core.training import EpochReport
from service.errors import LeaseLost
from service.store.database import Database
from tests.chaos.alone import interrupt, lose_leases, only_sweep, submitted, work, worker_on
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import StoredSweep
from worker.recording import Recorder

CHECKPOINT, LOST = 10, 20  # epochs: what comes between is recorded and then trained again


@pytest.fixture
def carried_generators(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The mutant: generators that run on from epoch to epoch. A call forgets them, as a new process does."""
    running: dict[tuple[int, int, int], Generator] = {}

    def generator(seed: int, stream: int, epoch: int = 0, layer: int = 0) -> Generator:
        key = (seed, int(stream), layer)
        if stream not in (streams.Stream.SHUFFLE, streams.Stream.DROPOUT):
            return original(seed, stream, epoch, layer)
        if key not in running:
            running[key] = Generator(PCG64(SeedSequence(seed, spawn_key=(int(stream), layer))))
        return running[key]

    original = streams.generator
    for name, module in list(sys.modules.items()):
        if name.startswith(("core.", "service.")) and getattr(module, "generator", None) is original:
            monkeypatch.setattr(module, "generator", generator)
    return running.clear


def _taken_over(
    folder: Path, url: str, monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]
) -> StoredSweep:
    """The sweep after every one of its populations was lost once and taken over from its checkpoint."""
    database = Database(url)
    submitted(database)

    def lose(recorder: Recorder, report: EpochReport) -> None:
        if report.epoch == CHECKPOINT:
            recorder.flush(checkpoint=True)
        if report.epoch == LOST:
            recorder.flush()
            raise LeaseLost("as if the worker were gone")

    with monkeypatch.context() as patch:
        interrupt(patch, lose)
        work(worker_on(database, url, folder))
    forget()
    lose_leases(database)
    work(worker_on(database, url, folder))
    found = only_sweep(database)
    database.dispose()
    return found


def _in_peace(folder: Path, url: str) -> StoredSweep:
    database = Database(url)
    submitted(database)
    work(worker_on(database, url, folder))
    found = only_sweep(database)
    database.dispose()
    return found


def test_what_is_trained_again_is_as_it_was(
    database_url: str, second_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = _in_peace(tmp_path, second_url)
    found = _taken_over(tmp_path, database_url, monkeypatch, lambda: None)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    assert sum(kind == "lease_expired" for _number, kind, *_ in found.events) == len(found.populations)


def test_random_numbers_that_are_carried_from_epoch_to_epoch_are_found_out(
    database_url: str,
    second_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    carried_generators: Callable[[], None],
) -> None:
    quiet = _in_peace(tmp_path, second_url)
    carried_generators()
    found = _taken_over(tmp_path, database_url, monkeypatch, carried_generators)
    assert unfinished([found]) == []
    assert any("weights_sha256 is" in fault for fault in differences(found, quiet))
    # And the product says so itself, of every run and of the first epoch that came out differently.
    assert [(run.replay or {}).get("epoch") for run in found.runs] == [CHECKPOINT + 1] * len(found.runs)
    assert all("trained again differed" in fault for fault in broken_rules([found]))
