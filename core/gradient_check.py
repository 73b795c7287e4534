"""A backward pass is right where it agrees with what small changes do to the core's own loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray, IntArray
from core.configuration import Configuration
from core.differences import Method, Point
from core.examples import Examples
from core.layout import Tensor

TOLERANCE = 1e-6  # largest relative error of a backward pass that is right
# Roundings of E, each eps max(1, |E|), that either derivative may have gathered.
ROUNDINGS = 16.0


@dataclass(frozen=True, slots=True)
class Element:
    """A parameter's derivative, by the backward pass and from the loss.

    `error` is relative, |a - b| / max(|a|, |b|, floor).
    """

    tensor: str
    index: tuple[int, ...]
    backward: float
    numeric: float
    error: float


@dataclass(frozen=True, slots=True)
class TensorCheck:
    """The derivatives of one tensor; elements at a kink are counted here and judged apart from the others."""

    name: str
    method: Method
    step: float
    elements: int
    kinks: int  # elements whose step moves a unit or a residual over a kink, where the two must not agree
    worst: Element | None  # of those that are not at a kink; None if all are
    worst_at_kink: Element | None

    @property
    def largest_error(self) -> float:
        """The largest relative error away from kinks, NaN if nothing could be compared."""
        return math.nan if self.worst is None else self.worst.error


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """What comparing every derivative showed.

    Below `floor`, 16 eps max(1, |E|) / h / tolerance, a disagreement is rounding; for complex steps h is 1.
    """

    loss: float
    tolerance: float
    floor: float
    tensors: tuple[TensorCheck, ...]

    @property
    def passed(self) -> bool:
        """Tell whether every tensor was compared and every element away from a kink agrees."""
        return all(tensor.largest_error < self.tolerance for tensor in self.tensors)  # NaN is no agreement

    @property
    def kinks(self) -> int:
        """How many elements were at a kink."""
        return sum(tensor.kinks for tensor in self.tensors)

    @property
    def worst(self) -> Element | None:
        """The element away from kinks on which the two derivatives agree least."""
        worsts = [tensor.worst for tensor in self.tensors if tensor.worst is not None]
        return max(worsts, key=_badness, default=None)


def check_gradients(
    configuration: Configuration,
    examples: Examples,
    *,
    seed: int,
    rows: IntArray | None = None,
    parameters: Mapping[str, FloatArray] | None = None,
) -> GradientCheck:
    """Compare the derivative of the mean loss on `rows` for every parameter, in float64.

    A complex step is taken where activations and loss allow it, central differences elsewhere: one forward
    pass for every parameter, or two. `parameters` default to the first weights that `seed` draws, `rows` to
    all. The loss is that of validation: without penalties, class weights and dropout.

    Raises: ShapeError, DataError.
    """
    point = Point(replace(configuration, dtype="float64"), examples, seed, rows, parameters)
    with np.errstate(all="ignore"):  # what is not finite fails the check, and needs no warning beside it
        loss, backward = point.backward()
        found = point.differences(loss)
        numeric, kinks = found.derivatives, found.kinks
        floor = ROUNDINGS * max(1.0, abs(loss)) * found.rounding / TOLERANCE
        errors = np.abs(backward - numeric) / np.maximum(np.maximum(np.abs(backward), np.abs(numeric)), floor)
    tensors, start = [], 0
    for tensor in point.layout.tensors:
        part = slice(start, start + tensor.stop - tensor.start)
        start = part.stop
        tensors.append(
            TensorCheck(
                name=tensor.name,
                method=found.method,
                step=found.step,
                elements=errors[part].size,
                kinks=int(np.count_nonzero(kinks[part])),
                worst=_worst(tensor, ~kinks[part], backward[part], numeric[part], errors[part]),
                worst_at_kink=_worst(tensor, kinks[part], backward[part], numeric[part], errors[part]),
            )
        )
    return GradientCheck(loss, TOLERANCE, floor, tuple(tensors))


def _worst(
    tensor: Tensor, among: BoolArray, backward: Float64Array, numeric: Float64Array, errors: Float64Array
) -> Element | None:
    places = np.flatnonzero(among)
    if not places.size:
        return None
    place = int(places[np.argmax(errors[places])])  # NaN counts as largest
    index = tuple(int(axis) for axis in np.unravel_index(place, tensor.shape))
    return Element(tensor.name, index, float(backward[place]), float(numeric[place]), float(errors[place]))


def _badness(element: Element) -> float:
    return math.inf if math.isnan(element.error) else element.error
