"""The service's benchmark runs on toy sweeps, and adds up. How fast anything is, no test asserts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.service import large, metered, overhead, recovery, sweeps, throughput
from benchmarks.service.ledger import Ledger
from benchmarks.service.others import Others, watching
from benchmarks.service.report import Section, write


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_an_inner_account_takes_its_time_away_from_the_outer_one() -> None:
    clock, wall = Clock(), Clock()
    ledger = Ledger(clock, wall)
    with ledger.account("core"):
        clock.now, wall.now = 101.0, 102.0
        with ledger.account("recording"):
            clock.now, wall.now = 105.0, 110.0
        clock.now, wall.now = 121.0, 126.0
    clock.now = 1000.0
    with ledger.account("core"):
        clock.now += 0.5
    assert ledger.seconds() == {"core": (17.5, 18.0), "recording": (4.0, 8.0)}


def test_overhead_is_everything_else_over_the_core() -> None:
    accounts = {metered.CORE: (8.0, 10.0), metered.WRITING: (1.0, 4.0), metered.CLAIMING: (0.2, 1.0)}
    case = overhead.Overhead("SQLite", 30, 10.0, 1, accounts)
    assert case.of_processor == pytest.approx(0.15)
    assert case.of_wall == pytest.approx(0.5)
    assert case.part(metered.WRITING) == pytest.approx(0.125)
    assert list(overhead.notes([case])) == [
        "overhead, SQLite, 30 epochs, checkpoints every 10 s: at most 10% of the core's time is asked, "
        "it is 15.0%"
    ]


def test_speedup_compares_within_a_round() -> None:
    assert throughput.Scaling((10.0, 30.0, 8.0), (5.0, 20.0, 5.0)).speedup == 1.6


def test_other_programs_are_named_where_they_took_more_than_a_twentieth() -> None:
    quiet, loud = (Section("rows", "", None, ["a note"], share) for share in (0.05, 0.06))
    assert list(quiet.doubts()) == ["- a note"]
    assert list(loud.doubts()) == ["- a note", "- rows: other programs took 6% of the cores"]


def test_a_written_page_has_the_machine_the_doubts_and_every_table(tmp_path: Path) -> None:
    sections = [
        Section("rows", "| a table |", {"rate": 3}, ["a doubt"], 0.01),
        Section("scaling", "| another |", [], [], 0.5),
    ]
    write(tmp_path / "results" / "service", {"processor": "fast"}, sections)
    page = (tmp_path / "results" / "service.md").read_text()
    for part in ("- processor: fast", "- a doubt", "other programs took 50%", "| a table |", "| another |"):
        assert part in page
    numbers = json.loads((tmp_path / "results" / "service.json").read_text())
    assert numbers["machine"] == {"processor": "fast"}
    assert numbers["sections"]["rows"] == {"others": 0.01, "notes": ["a doubt"], "numbers": {"rate": 3}}


def test_a_large_sweeps_moments_are_in_order_and_every_process_has_a_peak() -> None:
    found = large.measure(sweeps.reference(rates=3, seeds=2, epochs=1), workers=1, postgres=False)
    assert found.runs == 6
    assert 0 < found.first_end <= found.last_end
    assert set(found.peak_bytes) == {"API", "worker 1, main process", "worker 1, training process"}
    assert min(found.peak_bytes.values()) > 2**20


def test_a_metered_site_trains_the_sweep_and_accounts_for_each_population() -> None:
    with watching() as others:
        case = overhead.measure(
            sweeps.reference(rates=2, seeds=2, epochs=2), postgres=False, checkpoint_seconds=1, sweeps=1
        )
    assert set(case.accounts) >= {metered.CORE, *overhead.PARTS} - {metered.CHECKPOINTS}
    assert min(processor for processor, _ in case.accounts.values()) >= 0
    assert case.core[0] > 0
    assert 0 <= others.share <= 1
    assert "SQLite, 2 epochs" in overhead.table([case])


def test_a_killed_workers_population_runs_again_after_its_lease() -> None:
    others = Others()
    found = recovery.measure(
        recovery.WHOLE_WORKER, kills=1, lease_seconds=1.5, workers=2, postgres=False, others=others
    )
    assert len(found.seconds) == 1
    assert others.unseen > 0
