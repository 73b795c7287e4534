"""Each layer's lengths are those of its own weights and biases, and together those of the whole network."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.examples import Examples
from core.members import Member
from core.training import EpochReport, Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
Tensors = dict[str, Any]


def lengths(tensors: Tensors, layers: int) -> list[float]:
    """Return the length of each layer's weights and biases."""
    return [
        math.hypot(*(np.linalg.norm(tensors[f"layers.{layer}.{part}"]) for part in ("weight", "bias")))
        for layer in range(layers)
    ]


def test_the_last_step_is_told_layer_by_layer(classes: Examples, member: MakeMember, learn: Learn) -> None:
    rate = 0.25
    values = {"hidden_layers": [6, 4], "batch_size": "full", "epochs": 3, "dtype": "float64"}
    members = [member(classes, seed=seed, learning_rate=rate, **values) for seed in range(3)]
    population = Population.start(members, classes)
    weights = [population.parameters(1)]

    def look(report: EpochReport) -> None:
        if report.epoch < 3:
            weights.append(population.parameters(1))

    history = learn(population, classes, answer=look)
    weights.append(history.endings[1].parameters)
    for before, after, report in zip(weights, weights[1:], history.reports, strict=False):
        change = {name: before[name] - after[name] for name in before}
        layers = report.layers
        assert layers.gradient_norm.shape == layers.weight_norm.shape == layers.update_ratio.shape == (3, 3)
        moved, norms = np.array(lengths(change, 3)), np.array(lengths(after, 3))
        assert layers.gradient_norm[1] == pytest.approx(moved / rate, rel=1e-9)
        assert layers.weight_norm[1] == pytest.approx(norms, rel=1e-12)
        assert layers.update_ratio[1] == pytest.approx(moved / norms, rel=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_squares_of_the_layers_gradients_add_up_to_that_of_the_whole(
    classes: Examples, member: MakeMember, learn: Learn, dtype: str
) -> None:
    history = learn([member(classes, hidden_layers=[9, 5], dtype=dtype)], classes)
    for report in history.reports:
        total = np.sqrt((report.layers.gradient_norm**2).sum(axis=1))
        assert total == pytest.approx(report.gradient_norm, rel=1e-6)


def test_layers_have_the_same_bits_alone(classes: Examples, member: MakeMember, learn: Learn) -> None:
    members = [member(classes, seed=seed, learning_rate=0.01 * (seed + 1)) for seed in range(7)]
    together = learn(members, classes)
    for place in (0, 3, 6):
        alone = learn([members[place]], classes)
        for whole, single in zip(together.reports, alone.reports, strict=True):
            for name in ("gradient_norm", "weight_norm", "update_ratio"):
                ours, its = getattr(whole.layers, name)[place], getattr(single.layers, name)[0]
                assert ours.tobytes() == its.tobytes()
