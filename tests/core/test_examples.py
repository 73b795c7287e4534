"""Examples that cannot be trained on are refused before anything else sees them."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import DataError, ShapeError
from core.examples import Examples

INPUTS = np.zeros((3, 2))
CLASSES = np.array([0, 1, 0], np.int64)


def test_examples_know_their_size() -> None:
    examples = Examples(INPUTS, CLASSES, 2, "classification")
    assert (examples.rows, examples.features, examples.outputs) == (3, 2, 2)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_not_finite_are_refused(bad: float) -> None:
    inputs = INPUTS.copy()
    inputs[1, 1] = bad
    with pytest.raises(DataError, match=rf"inputs\[1, 1\] is {bad}, not finite; allowed: finite numbers"):
        Examples(inputs, CLASSES, 2, "classification")


def test_targets_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DataError, match=r"targets\[2, 0\] is -inf, not finite"):
        Examples(INPUTS, np.array([[0.0], [1.0], [-np.inf]]), 1, "regression")


@pytest.mark.parametrize("inputs", [np.zeros((0, 2)), np.zeros((3, 0)), np.zeros(3)])
def test_inputs_need_rows_and_features(inputs: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="features"):
        Examples(inputs, CLASSES, 2, "classification")


@pytest.mark.parametrize("inputs", [INPUTS.astype(np.float32), np.asfortranarray(np.zeros((3, 2)))])
def test_inputs_are_float64_in_c_order(inputs: np.ndarray) -> None:
    with pytest.raises(DataError, match="C-contiguous"):
        Examples(inputs, CLASSES, 2, "classification")


@pytest.mark.parametrize("classes", [[0, 2, 0], [0, -1, 0]])
def test_a_class_outside_the_outputs_is_refused(classes: list[int]) -> None:
    with pytest.raises(DataError, match="0 to 1"):
        Examples(INPUTS, np.array(classes, np.int64), 2, "classification")


def test_regression_targets_have_a_column_for_each_output() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        Examples(INPUTS, np.zeros((3, 1)), 2, "regression")
