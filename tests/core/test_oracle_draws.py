"""First weights and dropped outputs are distributed as PyTorch's, whose draws were described once."""

from __future__ import annotations

import json
import math
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.dropout import Dropout, DropoutNumbers
from core.initializers import initial_row
from core.layout import Layout

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "oracles" / "pytorch.json").read_text())
SPREADS: dict[str, dict[str, Any]] = RECORDED["first_weights"]
INITIALIZERS = [name for name in SPREADS if "biases" not in name]
FAN_IN, FAN_OUT = 200, 300  # of the layer that was recorded
# The furthest of few from its mean, of numbers that are drawn twice: by PyTorch and by the core.
DEVIATIONS = 4 * math.sqrt(2)


def drawn(initializer: str, seed: int = 0) -> dict[str, Any]:
    configuration = resolve(
        {"hidden_layers": [FAN_OUT], "initializer": initializer, "dtype": "float64"}, task="regression"
    )
    layout = Layout((FAN_IN, FAN_OUT, 1))
    return layout.unpack(initial_row(configuration, seed, layout))


def assert_alike(numbers: Any, recorded: dict[str, Any]) -> None:
    """Compare the standard deviation, the quantiles and, where there is a bound, the largest."""
    deviation, count = recorded["standard_deviation"], numbers.size
    assert numbers.std() == pytest.approx(deviation, rel=DEVIATIONS / math.sqrt(2 * count))
    for level, expected in recorded["quantiles"].items():
        share = float(level)
        # The share below PyTorch's quantile has a binomial's deviation.
        below = np.count_nonzero(numbers <= expected) / count
        assert below == pytest.approx(share, abs=DEVIATIONS * math.sqrt(share * (1 - share) / count)), level
    bounded = recorded["largest"] < 2 * deviation  # a uniform distribution's is sqrt(3) deviations away
    if bounded:
        assert np.abs(numbers).max() == pytest.approx(recorded["largest"], rel=20 / count)


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_first_weights_are_spread_as_pytorchs(initializer: str) -> None:
    assert_alike(drawn(initializer)["layers.0.weight"], SPREADS[initializer])


def test_torch_biases_are_spread_as_those_of_a_linear_module() -> None:
    biases = np.concatenate([drawn("torch", seed)["layers.0.bias"] for seed in range(20)])
    assert_alike(biases, SPREADS["torch, biases"])


def test_no_initializer_could_be_taken_for_another() -> None:
    for one, other in permutations(INITIALIZERS, 2):
        with pytest.raises(AssertionError):
            assert_alike(drawn(one)["layers.0.weight"], SPREADS[other])


def test_dropout_makes_of_ones_what_pytorchs_module_makes_of_them() -> None:
    recorded = RECORDED["dropout"]
    units = 20_000
    numbers = DropoutNumbers([recorded["probability"]], [0], 1)
    numbers.begin(1)
    after = Dropout(numbers, 0, (1, 5, units), np.dtype(np.float64)).forward(np.ones((1, 5, units)))
    assert np.unique(after).tolist() == pytest.approx(recorded["values"], rel=1e-15)
    deviation = math.sqrt(recorded["probability"] * (1 - recorded["probability"]) / after.size)
    assert np.mean(after == 0.0) == pytest.approx(recorded["dropped"], abs=DEVIATIONS * deviation)
    assert after.mean() == pytest.approx(1.0, abs=DEVIATIONS * deviation / (1 - recorded["probability"]))
    assert recorded["in evaluation"] == [1.0]
