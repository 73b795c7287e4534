"""The size of populations follows what was measured, whatever machine that was."""

from __future__ import annotations

import pytest

from core.calibration import BUDGETS, SHAPES, Calibration, Measure, calibrate, seconds_of_an_epoch
from core.errors import DataError

MEBIBYTE = 2**20


def machine(cache: float, *, fixed: float = 1e-3, penalty: float = 1.6) -> Measure:
    """Return a machine with so many bytes of cache: what fits costs 1, what does not costs more."""
    bytes_of = {hidden: 4 * hidden * 400 for hidden in SHAPES}

    def seconds(hidden: int, runs: int) -> float:
        over = max(0.0, 1.0 - cache / (runs * bytes_of[hidden]))
        return fixed + runs * hidden * 6e-6 * (1.0 + (penalty - 1.0) * over)

    return seconds


def test_a_larger_cache_makes_larger_populations() -> None:
    chosen = [calibrate(machine(cache * MEBIBYTE)).budget for cache in (1, 4, 16)]
    assert chosen == sorted(chosen)
    assert chosen[0] < chosen[-1]


def test_where_size_makes_no_difference_populations_stay_small() -> None:
    assert calibrate(lambda _hidden, runs: runs * 1e-3).budget == BUDGETS[0]


def test_where_every_call_is_dear_populations_are_as_large_as_they_may_be() -> None:
    assert calibrate(lambda _hidden, _runs: 1.0).budget == BUDGETS[-1]


def test_every_size_that_holds_a_run_is_measured_and_told() -> None:
    found = calibrate(machine(4 * MEBIBYTE))
    assert {point.budget for point in found.points} == set(BUDGETS)
    assert all(point.runs >= 1 and point.run_epochs_per_second > 0.0 for point in found.points)
    assert Calibration.from_json(found.to_json()) == found


def test_a_disturbance_during_one_measurement_changes_nothing() -> None:
    quiet, calls = machine(4 * MEBIBYTE), iter(range(10_000))

    def disturbed(hidden: int, runs: int) -> float:
        return quiet(hidden, runs) * (5.0 if next(calls) == 3 else 1.0)

    assert calibrate(disturbed) == calibrate(quiet)


def test_what_is_no_calibration_says_so() -> None:
    with pytest.raises(DataError, match="budget and points"):
        Calibration.from_json({"points": []})


def test_a_population_is_trained_to_be_timed() -> None:
    assert 0.0 < seconds_of_an_epoch(hidden=64, runs=2) < 60.0
