"""An estimate takes a machine's own measurements, and scales them by arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.calibration import Calibration, Point
from service.planning.estimate import (
    CLAIMING,
    RECORDING,
    REPORTING,
    Speed,
    Work,
    network_parameters,
    together,
)

SLOW = Speed(step=1e-4, run=2e-6, product=2e-10)
WORK = Work(runs=10, epochs=30, steps=40, layers=2, parameters=4_810, batch=32, validation=270)


def calibration(speed: Speed) -> Calibration:
    """What a machine of this speed would measure: ten steps an epoch, two layers, batches of 32."""
    points = []
    for hidden in (64, 256):
        parameters = network_parameters((64, hidden, 10))
        for runs in (2, 8, 32):
            seconds = 10 * (2 * (speed.step + runs * speed.run) + runs * speed.product * parameters * 32)
            points.append(Point(hidden, 2**20, runs, runs / seconds))
    return Calibration(2**20, tuple(points))


def test_the_speed_of_a_machine_is_found_again_from_its_measurements() -> None:
    found = Speed.of(calibration(SLOW))
    assert found.step == pytest.approx(SLOW.step, rel=1e-6)
    assert found.run == pytest.approx(SLOW.run, rel=1e-6)
    assert found.product == pytest.approx(SLOW.product, rel=1e-6)


def test_a_populations_time_is_its_steps_its_runs_and_its_products() -> None:
    fixed = 2 * (1e-4 + 10 * 2e-6)
    products = 10 * 2e-10 * 4_810
    epoch = 40 * (fixed + products * 32) + 5 * fixed / 3 + products * 270 / 3
    expected = CLAIMING + 30 * (epoch + REPORTING + 10 * RECORDING)
    assert SLOW.seconds(WORK) == pytest.approx(expected)


def test_twice_the_epochs_take_nearly_twice_as_long_and_two_workers_half() -> None:
    longer = SLOW.seconds(replace(WORK, epochs=60)) - CLAIMING
    assert longer == pytest.approx(2 * (SLOW.seconds(WORK) - CLAIMING))
    four = [WORK] * 4
    assert together(four, [SLOW, SLOW]) == pytest.approx(2 * SLOW.seconds(WORK))
    fast = Speed(SLOW.step / 3, SLOW.run / 3, SLOW.product / 3)
    assert together(four, [SLOW, fast]) < together(four, [SLOW, SLOW])


def test_no_number_of_workers_makes_one_population_shorter() -> None:
    assert together([WORK], [SLOW] * 8) == pytest.approx(SLOW.seconds(WORK))
    assert together([], [SLOW]) == 0.0
