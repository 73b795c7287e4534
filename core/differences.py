"""Derivatives of the core's own loss without its backward pass: by central differences or complex steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from core.arrays import BoolArray, Float64Array, FloatArray, IntArray
from core.batches import Batch, Table
from core.configuration import Configuration
from core.errors import ShapeError
from core.examples import Examples
from core.initializers import initial_row
from core.layout import Layout
from core.members import check_task
from core.network import Network, layer_sizes
from core.passes import Pass

Method = Literal["central differences", "complex step"]
ComplexArray = NDArray[np.complexfloating[Any, Any]]

EPSILON = float(np.finfo(np.float64).eps)
# (E(p + h) - E(p - h)) / 2h is cut off by h^2 |E'''| / 6 and rounded by eps |E| / h. Together these are
# least near the cube root of eps, 6e-6, here times max(1, |p|).
CENTRAL_STEP = EPSILON ** (1.0 / 3.0)
# E(p + ih) = E + ih E' - h^2 E'' / 2 - ...: the imaginary part is h E' without a subtraction, so that h can
# be small enough for h^2 to vanish (Squire and Trapp 1998).
COMPLEX_STEP = 1e-20
# Numbers that the networks evaluated at one time may hold.
WORKING_SET = 1_000_000

# Functions without a kink, which NumPy continues to complex numbers; all others may have one at 0.
SMOOTH = frozenset({"identity", "tanh", "sigmoid", "gelu_tanh", "softmax"})
# Where a loss has kinks, in outputs - targets; one that is not named here has none.
LOSS_KINKS: Mapping[str, tuple[float, ...]] = {"mae": (0.0,), "huber": (-1.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Differences:
    """Derivatives for every parameter, in the order of the row.

    Shapes:
        derivatives  (parameters,)
        kinks        (parameters,) whose step moved a unit or a residual over a kink
    """

    method: Method
    step: float
    rounding: float  # how far a relative rounding of E throws a derivative, as a share of E
    derivatives: Float64Array
    kinks: BoolArray


class Point:
    """The parameters and examples at which derivatives are compared.

    Shapes:
        row        (layout.width,)
        positions  (parameters,) where in `row` a parameter stands, gaps left out
    """

    def __init__(
        self,
        configuration: Configuration,
        examples: Examples,
        seed: int,
        rows: IntArray | None,
        parameters: Mapping[str, FloatArray] | None,
    ) -> None:
        rows = np.arange(examples.rows, dtype=np.int64) if rows is None else rows
        if not rows.size or rows.ndim != 1:
            raise ShapeError(f"rows have shape {rows.shape}; allowed: (rows,), at least one")
        examples.check_rows(rows)
        check_task(configuration, examples)
        self._configuration = configuration
        self._rows = rows.size
        self.layout = Layout(layer_sizes(configuration, examples.features, examples.outputs))
        table = Table.of(examples, np.dtype(np.float64), joins_bias=self.layout.joins_bias)
        self._batch = table.batch(rows)
        self.row = (
            initial_row(configuration, seed, self.layout)
            if parameters is None
            else self.layout.pack(parameters, np.dtype(np.float64))
        )
        places = np.arange(self.layout.width)
        self.positions = np.concatenate([t.read(places).reshape(-1) for t in self.layout.tensors])
        hidden = [configuration.activation or "identity"] * len(configuration.hidden_layers)
        self._activations = [*hidden, configuration.output_activation]

    def backward(self) -> tuple[float, Float64Array]:
        """Return the loss, and the derivatives that the backward pass writes (parameters,)."""
        gradients = np.zeros((1, self.layout.width))
        work = self._pass(self.row[None], gradients)
        work.forward(self._batch)
        loss = float(work.sums[0]) / self._rows
        work.backward()
        return loss, gradients[0, self.positions]

    def differences(self, loss: float) -> Differences:
        """Return derivatives by a complex step where that can be, else by central differences."""
        formula = self._complex_loss(loss)
        if formula is None:
            derivatives, kinks = self._central_differences()
            rounding = EPSILON / CENTRAL_STEP
            return Differences("central differences", CENTRAL_STEP, rounding, derivatives, kinks)
        derivatives, kinks = self._complex_differences(formula), np.zeros(self.positions.size, np.bool_)
        return Differences("complex step", COMPLEX_STEP, EPSILON, derivatives, kinks)

    def _complex_loss(self, loss: float) -> Callable[[ComplexArray, Batch], ComplexArray] | None:
        """Return the loss of complex outputs, if the network is smooth and the formula is the core's loss."""
        formula = COMPLEX_LOSSES.get(self._configuration.loss)
        if formula is None or not SMOOTH.issuperset(self._activations):
            return None
        work = self._pass(self.row[None], None)
        work.forward(self._batch)
        value = formula(work.outputs.astype(np.complex128), work.batch)[0].real
        # A loss with a term that the formula does not know is left to central differences.
        return formula if math.isclose(value, loss, rel_tol=1e-12, abs_tol=1e-15) else None

    def _complex_differences(self, formula: Callable[[ComplexArray, Batch], ComplexArray]) -> Float64Array:
        """Return the imaginary part of E(p + ih) / h for every parameter (parameters,)."""
        copies = np.tile(self.row.astype(np.complex128), (self._copies(2), 1))
        network = Network(self._configuration, self.layout, cast("FloatArray", copies), None, self._rows)
        inputs = cast("FloatArray", self._batch.inputs.astype(np.complex128))
        derivatives = np.empty(self.positions.size)
        for chunk, positions in self._chunks(copies.shape[0]):
            runs = np.arange(positions.size)
            copies[runs, positions] += 1j * COMPLEX_STEP
            losses = formula(cast("ComplexArray", network.forward(inputs)), self._batch)
            derivatives[chunk] = losses.imag[runs] / COMPLEX_STEP
            copies[runs, positions] = self.row[positions]
        return derivatives

    def _central_differences(self) -> tuple[Float64Array, BoolArray]:
        """Return (E(p + h) - E(p - h)) / 2h for every parameter, and which of them are at a kink."""
        half = self._copies(2)
        copies = np.tile(self.row, (2 * half, 1))
        work = self._pass(copies, None)
        work.forward(self._batch)
        at_rest = self._sides(work)[:1]
        derivatives, kinks = np.empty(self.positions.size), np.zeros(self.positions.size, np.bool_)
        for chunk, positions in self._chunks(half):
            here, runs = self.row[positions], np.arange(positions.size)
            step = CENTRAL_STEP * np.maximum(1.0, np.abs(here))
            copies[runs, positions] = here + step
            copies[half + runs, positions] = here - step
            # The distance between the two, as rounded.
            distance = copies[runs, positions] - copies[half + runs, positions]
            work.forward(self._batch)
            losses = work.sums / self._rows
            derivatives[chunk] = (losses[runs] - losses[half + runs]) / distance
            moved = (self._sides(work) != at_rest).any(axis=1)
            kinks[chunk] = moved[runs] | moved[half + runs]
            copies[runs, positions] = copies[half + runs, positions] = here
        return derivatives, kinks

    def _pass(self, weights: FloatArray, gradients: FloatArray | None) -> Pass:
        return Pass(self._configuration, self.layout, weights, gradients, self._rows)

    def _copies(self, numbers: int) -> int:
        """Return how many networks fit in the working set, of so many numbers (or pairs of them) each."""
        each = numbers * (self.layout.width + self._rows * sum(self.layout.sizes))
        return max(1, min(self.positions.size, WORKING_SET // each))

    def _chunks(self, size: int) -> Iterator[tuple[slice, IntArray]]:
        for start in range(0, self.positions.size, size):
            chunk = slice(start, min(start + size, self.positions.size))
            yield chunk, self.positions[chunk]

    def _sides(self, work: Pass) -> NDArray[np.int8]:
        """Return on which side of its kink each unit and residual is, after a forward pass (runs, kinks).

        Every activation with a kink has it at 0, and is below 0 or 0 itself on one side of it only.
        """
        found = [np.zeros((work.outputs.shape[0], 0), np.int8)]
        layers = zip(self._activations, work.network.activations, strict=True)
        found += [_signs(layer.outputs) for name, layer in layers if name not in SMOOTH]
        for kink in LOSS_KINKS.get(self._configuration.loss, ()):
            found.append(_signs(work.outputs - work.batch.targets - kink))
        return np.concatenate(found, axis=1)


def _signs(values: FloatArray) -> NDArray[np.int8]:
    """Return on which side of 0 each value is (runs, values), 0 itself being a side of its own."""
    return np.sign(values).reshape(values.shape[0], -1).astype(np.int8)


def _squared_error(outputs: ComplexArray, batch: Batch) -> ComplexArray:
    residual = outputs - batch.targets  # the core sums |y - t|^2, which no longer is (y - t)^2 here
    return np.asarray((residual * residual).mean(axis=(1, 2)))


def _cross_entropy(outputs: ComplexArray, batch: Batch) -> ComplexArray:
    shifted = outputs - outputs.real.max(axis=1, keepdims=True)
    right = np.take_along_axis(shifted, batch.classes[:, None], axis=1)[:, 0]
    return np.asarray((np.log(np.exp(shifted).sum(axis=1)) - right).mean(axis=1))


def _binary_cross_entropy(outputs: ComplexArray, batch: Batch) -> ComplexArray:
    wrong = outputs * (1.0 - 2.0 * batch.targets)
    above = wrong.real > 0.0  # there ln(1 + e^s) is taken as s + ln(1 + e^-s)
    rest = np.log1p(np.exp(np.where(above, -wrong, wrong)))
    return np.asarray((np.where(above, wrong, 0.0) + rest).mean(axis=(1, 2)))


# Smooth losses by their formulas, continued to complex outputs (runs, outputs, batch) -> (runs,).
COMPLEX_LOSSES: Mapping[str, Callable[[ComplexArray, Batch], ComplexArray]] = {
    "mse": _squared_error,
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
}
