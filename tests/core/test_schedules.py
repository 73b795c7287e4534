"""A learning rate follows the published formula of its schedule, step by step, whoever trains beside it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from core.configuration import Configuration, resolve
from core.schedules import Schedules

STEPS_PER_EPOCH, EPOCHS = 7, 6
TOTAL = STEPS_PER_EPOCH * EPOCHS


def configuration(**values: object) -> Configuration:
    return resolve({"learning_rate": 0.4, "epochs": EPOCHS, **values}, task="regression")


def rates(**values: object) -> list[float]:
    schedules = Schedules([configuration(**values)], STEPS_PER_EPOCH)
    return [float(schedules.rates(step)[0]) for step in range(1, TOTAL + 1)]


def test_a_constant_rate_is_the_configurations_to_the_bit() -> None:
    assert rates() == [0.4] * TOTAL
    assert Schedules([configuration()], STEPS_PER_EPOCH).constant


def test_step_is_pytorchs_steplr_stepped_once_per_epoch() -> None:
    found = rates(learning_rate_schedule="step", step_size=2, gamma=0.5)
    assert found == [0.4 * 0.5 ** (epoch // 2) for epoch in range(EPOCHS) for _ in range(STEPS_PER_EPOCH)]


def test_exponential_is_pytorchs_exponentiallr_at_the_first_step_of_each_epoch() -> None:
    found = rates(learning_rate_schedule="exponential", gamma=0.8)
    assert found[::STEPS_PER_EPOCH] == pytest.approx([0.4 * 0.8**epoch for epoch in range(EPOCHS)], rel=1e-15)
    ratios = [after / before for before, after in pairwise(found)]
    assert ratios == pytest.approx([0.8 ** (1 / STEPS_PER_EPOCH)] * (TOTAL - 1), rel=1e-14)


@pytest.mark.parametrize("end_factor", [0.0, 0.1])
def test_cosine_is_loshchilov_and_hutters_equation_5(end_factor: float) -> None:
    low, high = 0.4 * end_factor, 0.4
    expected = [low + 0.5 * (high - low) * (1 + math.cos(math.pi * t / TOTAL)) for t in range(TOTAL)]
    found = rates(learning_rate_schedule="cosine", end_factor=end_factor)
    assert found == pytest.approx(expected, rel=1e-13)
    assert found[0] == 0.4


def test_linear_is_pytorchs_linearlr_in_its_chained_form() -> None:
    # get_lr: lr_t = lr_(t-1) (1 + (end - start) / (total_iters start + (t - 1) (end - start))), start = 1.
    end, expected = 0.2, [0.4]
    for t in range(1, TOTAL):
        expected.append(expected[-1] * (1.0 + (end - 1.0) / (TOTAL + (t - 1) * (end - 1.0))))
    assert rates(learning_rate_schedule="linear", end_factor=end) == pytest.approx(expected, rel=1e-12)


def pytorch_one_cycle(total: int, peak: float, pct: float, div: float, final: float) -> list[float]:
    """torch.optim.lr_scheduler.OneCycleLR.get_lr with anneal_strategy cos and two phases."""
    first = peak / div
    phases = [(float(pct * total) - 1, first, peak), (float(total - 1), peak, first / final)]
    found = []
    for step in range(total):
        start = 0.0
        for number, (end, from_rate, to_rate) in enumerate(phases):
            if step <= end or number == len(phases) - 1:
                share = (step - start) / (end - start)
                found.append(to_rate + (from_rate - to_rate) / 2.0 * (math.cos(math.pi * share) + 1))
                break
            start = end
    return found


@pytest.mark.parametrize(
    "values",
    [{}, {"pct_start": 0.5, "div_factor": 5.0, "final_div_factor": 20.0}, {"pct_start": 0.0}],
    ids=str,
)
def test_one_cycle_is_pytorchs(values: dict[str, float]) -> None:
    told = {"pct_start": 0.3, "div_factor": 25.0, "final_div_factor": 1e4, **values}
    expected = pytorch_one_cycle(TOTAL, 0.4, told["pct_start"], told["div_factor"], told["final_div_factor"])
    assert rates(learning_rate_schedule="one_cycle", **values) == pytest.approx(expected, rel=1e-12)


def test_one_cycle_of_a_single_step_is_over_at_once() -> None:
    one = resolve({"learning_rate_schedule": "one_cycle", "epochs": 1, "pct_start": 1.0}, task="regression")
    assert Schedules([one], 1).rates(1).tolist() == [0.1]


def test_warm_up_grows_in_equal_parts_and_the_schedule_begins_after_it() -> None:
    found = rates(warmup_epochs=2)
    warmup = 2 * STEPS_PER_EPOCH
    assert found[:warmup] == pytest.approx([0.4 * t / warmup for t in range(1, warmup + 1)], rel=1e-15)
    assert found[warmup:] == [0.4] * (TOTAL - warmup)
    cosine = rates(learning_rate_schedule="cosine", warmup_epochs=2)
    rest = TOTAL - warmup
    assert cosine[:warmup] == found[:warmup]
    assert cosine[warmup:] == pytest.approx(
        [0.4 * (1 + math.cos(math.pi * t / rest)) / 2 for t in range(rest)], rel=1e-13
    )


def test_parts_of_an_epoch_warm_up_for_whole_steps() -> None:
    assert rates(warmup_epochs=0.5)[:5] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.4])  # 3.5 steps round to 4


def test_a_warm_up_longer_than_the_run_never_ends() -> None:
    assert rates(warmup_epochs=2 * EPOCHS)[-1] == pytest.approx(0.2)


def test_every_run_keeps_its_own_course() -> None:
    settings = [
        configuration(),
        configuration(learning_rate_schedule="cosine"),
        configuration(learning_rate_schedule="step", step_size=1, learning_rate=3.0),
        configuration(learning_rate_schedule="cosine", learning_rate=0.1),
        configuration(warmup_epochs=1),
    ]
    together = Schedules(settings, STEPS_PER_EPOCH)
    alone = [Schedules([one], STEPS_PER_EPOCH) for one in settings]
    for step in range(1, TOTAL + 1):
        expected = np.concatenate([one.rates(step) for one in alone])
        assert together.rates(step).tobytes() == expected.tobytes()


def test_a_range_test_goes_from_its_first_rate_to_its_last_at_equal_ratios() -> None:
    found = rates(learning_rate_schedule="range_test", div_factor=1e4)
    assert found == pytest.approx(np.geomspace(0.4e-4, 0.4, TOTAL), rel=1e-13)
    assert found[-1] == 0.4
