"""A weight's step grows and shrinks by the signs of its derivative alone, however small that is."""

from __future__ import annotations

import numpy as np
import pytest

from core.configuration import Configuration, resolve
from core.layout import Layout
from core.optimizers import OPTIMIZERS, draw_steps, initial_state
from core.streams import Stream, generator

FLOAT32 = np.dtype(np.float32)


def configuration(**values: object) -> Configuration:
    return resolve({"optimizer": "rprop", "learning_rate": 0.5, **values}, task="regression")


def follow(name: str, slopes: list[float], first: float = 0.0) -> list[float]:
    """Return where one weight stands after each derivative."""
    weight = np.array([[first]], np.float32)
    state = initial_state(name, weight)
    optimizer = OPTIMIZERS[name]([configuration(optimizer=name)], FLOAT32)
    path = []
    for step, slope in enumerate(slopes, start=1):
        optimizer.update(weight, np.array([[slope]], np.float32), state, step)
        path.append(float(weight[0, 0]))
    return path


def test_a_sign_change_halves_the_step_undoes_the_last_change_and_skips_the_next_comparison() -> None:
    # Steps 0.5, 0.6; back by 0.6 with a step of 0.3; then 0.3 without a comparison, then 0.36.
    assert follow("rprop", [-1.0, -1.0, 1.0, 1.0, 1.0]) == pytest.approx([0.5, 1.1, 0.5, 0.2, -0.16])


def test_without_backtracking_a_sign_change_leaves_the_weight_for_once() -> None:
    assert follow("irprop_minus", [-1.0, -1.0, 1.0, 1.0, 1.0]) == pytest.approx([0.5, 1.1, 1.1, 0.8, 0.44])


@pytest.mark.parametrize("name", ["rprop", "irprop_minus"])
def test_only_signs_count_even_of_derivatives_whose_product_would_be_0(name: str) -> None:
    assert follow(name, [-1e-30, -1e-30, 1e-30]) == follow(name, [-7.0, -1e5, 1.0])


@pytest.mark.parametrize("name", ["rprop", "irprop_minus"])
def test_a_derivative_of_0_neither_moves_a_weight_nor_changes_its_step(name: str) -> None:
    assert follow(name, [0.0, -1.0, 0.0, -1.0]) == [0.0, 0.5, 0.5, 1.0]


@pytest.mark.parametrize("name", ["rprop", "irprop_minus"])
def test_what_is_not_a_number_does_not_pass_for_a_step(name: str) -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(follow(name, [float("nan")])[0])


def test_first_steps_are_drawn_for_each_weight_between_two_numbers() -> None:
    layout = Layout((40, 30, 2))
    drawn = draw_steps(configuration(initial_step_max=2.0, dtype="float64"), 7, layout)
    tensors = layout.unpack(drawn)
    for tensor in tensors.values():
        assert ((tensor >= 0.5) & (tensor < 2.0)).all()
    numbers = generator(7, Stream.OPTIMIZER, layer=1)
    assert np.array_equal(tensors["layers.1.weight"], numbers.uniform(0.5, 2.0, (30, 2)))
    assert np.array_equal(tensors["layers.1.bias"], numbers.uniform(0.5, 2.0, 2))
    assert tensors["layers.0.weight"].mean() == pytest.approx(1.25, abs=0.05)


@pytest.mark.parametrize("name", ["rprop", "irprop_minus"])
def test_a_step_that_was_drawn_is_the_first_one_that_is_taken(name: str) -> None:
    weight = np.zeros((1, 3), np.float32)
    state = initial_state(name, weight)
    state["step_size"][:] = [[0.25, 0.75, 0.0]]  # what is 0 was not drawn
    OPTIMIZERS[name]([configuration(optimizer=name)], FLOAT32).update(weight, -np.ones_like(weight), state, 1)
    assert weight.tolist() == [[0.25, 0.75, 0.5]]
