"""First weights have the spread that each paper derives, and depend on configuration and seed alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.configuration import resolve
from core.initializers import initial_row
from core.layout import Layout

FAN_IN, FAN_OUT = 200, 300


def first(*, seed: int = 0, **values: object) -> tuple[np.ndarray, np.ndarray]:
    """Return weight and bias of the first layer of 200 -> 300 -> 2."""
    configuration = resolve({"hidden_layers": [FAN_OUT], "dtype": "float64", **values}, task="regression")
    layout = Layout((FAN_IN, FAN_OUT, 2))
    parameters = layout.unpack(initial_row(configuration, seed, layout))
    return parameters["layers.0.weight"], parameters["layers.0.bias"]


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("he", math.sqrt(2 / FAN_IN)),
        ("he_uniform", math.sqrt(2 / FAN_IN)),
        ("glorot", math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("glorot_normal", math.sqrt(2 / (FAN_IN + FAN_OUT))),
        ("lecun", math.sqrt(1 / FAN_IN)),
        ("lecun_uniform", math.sqrt(1 / FAN_IN)),
        ("torch", 1 / math.sqrt(3 * FAN_IN)),
    ],
)
def test_the_standard_deviation_is_the_papers(name: str, deviation: float) -> None:
    weight, _ = first(initializer=name)
    assert weight.mean() == pytest.approx(0.0, abs=4 * deviation / math.sqrt(weight.size))
    assert weight.std() == pytest.approx(deviation, rel=0.01)


@pytest.mark.parametrize(
    ("values", "bound"),
    [
        ({"initializer": "he_uniform"}, math.sqrt(6 / FAN_IN)),
        ({"initializer": "glorot"}, math.sqrt(6 / (FAN_IN + FAN_OUT))),
        ({"initializer": "torch"}, 1 / math.sqrt(FAN_IN)),
        ({"initializer": "uniform", "init_scale": 0.3}, 0.3),
    ],
)
def test_uniform_weights_fill_their_bound_and_keep_to_it(values: dict[str, object], bound: float) -> None:
    weight, _ = first(**values)  # type: ignore[arg-type]
    assert 0.999 * bound < np.abs(weight).max() <= bound


def test_biases_start_at_zero_except_pytorchs() -> None:
    assert not first(initializer="he")[1].any()
    bias = first(initializer="torch")[1]
    assert 0.9 / math.sqrt(FAN_IN) < np.abs(bias).max() <= 1 / math.sqrt(FAN_IN)


def test_biases_are_drawn_like_uniform_weights_where_that_is_asked_for() -> None:
    weight, bias = first(initializer="uniform", init_scale=0.3)
    assert not bias.any()
    same, drawn = first(initializer="uniform", init_scale=0.3, init_biases=True)
    assert np.array_equal(same, weight)
    assert 0.95 * 0.3 < np.abs(drawn).max() <= 0.3
    assert drawn.mean() == pytest.approx(0.0, abs=4 * 0.3 / math.sqrt(3 * FAN_OUT))


@pytest.mark.parametrize(("activation", "meant"), [("relu", "he"), ("gelu_tanh", "he"), ("tanh", "glorot")])
def test_auto_follows_the_activation_behind_the_layer(activation: str, meant: str) -> None:
    automatic, _ = first(activation=activation)
    assert np.array_equal(automatic, first(activation=activation, initializer=meant)[0])


def test_float32_weights_are_the_float64_ones_rounded() -> None:
    assert np.array_equal(first(dtype="float32")[0], first()[0].astype(np.float32))


def test_two_seeds_draw_other_weights_and_one_seed_the_same() -> None:
    assert np.array_equal(first(seed=3)[0], first(seed=3)[0])
    assert not np.array_equal(first(seed=3)[0], first(seed=4)[0])
