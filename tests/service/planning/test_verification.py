from __future__ import annotations

import math

import numpy as np
import pytest

from service.planning.tensor_distance import Distance, distance
from service.planning.verification import FirstDifference, environment_differences, first_difference


def tensors(
    *values: float, dtype: str = "float32"
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.floating]]]:
    return {"layers.0.weight": np.array(values, dtype=dtype)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_bits_are_no_distance_apart_whatever_they_say(dtype: str) -> None:
    values = (1.5, -0.0, math.nan, math.inf)
    found = distance(tensors(*values, dtype=dtype), tensors(*values, dtype=dtype))
    assert found == Distance(numbers=4, differing=0, largest_ulp=0, largest_relative=0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [1.0, -1.0, 3.7e-5, 1e30, 5e-324])
def test_the_next_float_is_one_unit_in_the_last_place_away(dtype: str, value: float) -> None:
    one = np.array([value], dtype=dtype)
    other = np.nextafter(one, one.dtype.type(np.inf))
    found = distance({"x": one}, {"x": other})
    assert found is not None
    assert (found.differing, found.largest_ulp) == (1, 1)


def test_floats_are_counted_across_zero() -> None:
    smallest = np.nextafter(np.float32(0), np.float32(1))
    found = distance(tensors(-smallest), tensors(smallest))
    assert found is not None
    assert found.largest_ulp == 2
    assert found.largest_relative == 2.0
    zeros = distance(tensors(0.0), tensors(-0.0))
    assert zeros == Distance(1, 1, 0, 0.0)


def test_the_farthest_floats_are_counted_without_overflow() -> None:
    most = np.finfo(np.float64).max
    found = distance(tensors(-most, dtype="float64"), tensors(most, dtype="float64"))
    assert found is not None
    assert found.largest_ulp == 2 * 0x7FEFFFFFFFFFFFFF


def test_relative_distance_is_over_the_larger_of_two() -> None:
    found = distance(tensors(1.0, 100.0), tensors(1.0, 80.0))
    assert found is not None
    assert found.largest_relative == pytest.approx(0.2)


def test_what_is_not_finite_in_one_alone_has_no_distance() -> None:
    found = distance(tensors(1.0, 2.0), tensors(1.5, math.nan))
    assert found == Distance(2, 2, None, None)


def test_variables_without_a_dimension_are_compared_too() -> None:
    assert distance({"x": np.array(1.0)}, {"x": np.array(1.0)}) == Distance(1, 0, 0, 0.0)


def test_tensors_of_other_shapes_are_not_compared() -> None:
    assert distance(tensors(1.0), tensors(1.0, 2.0)) is None
    assert distance(tensors(1.0), tensors(1.0, dtype="float64")) is None
    assert distance(tensors(1.0), {}) is None


def test_the_first_column_that_differs_is_named_with_both_values() -> None:
    row = [0.5, 0.9, math.nan, None, 0.1, 1.0, 0.01]
    assert first_difference(3, row, list(row)) is None
    assert first_difference(3, row, [*row[:4], 0.2, 2.0, 0.01]) == FirstDifference(
        3, "learning_rate", 0.1, 0.2
    )
    assert first_difference(3, row, [0.5, 0.9, 1.0, *row[3:]]) == FirstDifference(
        3, "validation_loss", "NaN", 1.0
    )


def test_environment_classes_are_told_apart_by_what_differs() -> None:
    one, other = {"numpy": "2.4.0", "simd": "AVX2"}, {"numpy": "2.4.1", "simd": "AVX2", "libc": "glibc"}
    assert environment_differences(one, other) == {"numpy": ["2.4.0", "2.4.1"], "libc": [None, "glibc"]}
