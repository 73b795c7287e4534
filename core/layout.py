"""All parameters of one run lie in one row of numbers, so that one update touches the whole network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray
from core.errors import ShapeError

ALIGNMENT = 16  # numbers: every layer starts on a cache line in float32; the gaps stay 0


class Tensor(NamedTuple):
    """Where one tensor lies in a run's row, in C order of its shape, or transposed."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int
    transposed: bool = False

    def read(self, row: NDArray[Any]) -> NDArray[Any]:
        """Return the tensor in its own shape, as a view of a row, or of an array of one number for each."""
        part = row[self.start : self.stop]
        return part.reshape(self.shape[::-1]).T if self.transposed else part.reshape(self.shape)


class LayerTensors(NamedTuple):
    """Views of one fully connected layer's tensors in a population.

    The last layer of a network lies transposed: few outputs multiply faster that way.

    Shapes:
        weight  (runs, inputs, outputs), in the last layer (runs, outputs, inputs)
        bias    (runs, 1, outputs), in the last layer (runs, outputs, 1)
        joined  (runs, inputs + 1, outputs): weight with the bias as one more row, in the first layer of
                several, whose inputs are 1 there; None in the others
    """

    weight: FloatArray
    bias: FloatArray
    joined: FloatArray | None


@dataclass(frozen=True)
class Layout:
    """The tensors of a network with these layer sizes: features, hidden widths, outputs."""

    sizes: tuple[int, ...]

    @property
    def joins_bias(self) -> bool:
        """Whether the first layer's bias is multiplied with a column of ones in the inputs."""
        return len(self.sizes) > 2  # features, at least one hidden width, outputs

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """Weight and bias of every layer, in order."""
        tensors: list[Tensor] = []
        start = 0
        last = len(self.sizes) - 2
        for layer, (inputs, outputs) in enumerate(pairwise(self.sizes)):
            middle = start + inputs * outputs
            weight = Tensor(f"layers.{layer}.weight", (inputs, outputs), start, middle, layer == last)
            if layer or not self.joins_bias:
                middle = _aligned(middle)
            bias = Tensor(f"layers.{layer}.bias", (outputs,), middle, middle + outputs)
            tensors += (weight, bias)
            start = _aligned(bias.stop)
        return tuple(tensors)

    @cached_property
    def width(self) -> int:
        """Numbers in a run's row, gaps included."""
        return _aligned(self.tensors[-1].stop)

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum(tensor.stop - tensor.start for tensor in self.tensors)

    def views(self, flat: FloatArray) -> list[LayerTensors]:
        """Return every layer's tensors as views into `flat` (runs, width)."""
        runs = flat.shape[0]
        layers: list[LayerTensors] = []
        for weight, bias in zip(self.tensors[::2], self.tensors[1::2], strict=True):
            inputs, outputs = weight.shape
            w, b = flat[:, weight.start : weight.stop], flat[:, bias.start : bias.stop]
            if weight.transposed:
                tensors = LayerTensors(w.reshape(runs, outputs, inputs), b.reshape(runs, outputs, 1), None)
            else:
                both = flat[:, weight.start : bias.stop] if not layers else None
                joined = None if both is None else both.reshape(runs, inputs + 1, outputs)
                tensors = LayerTensors(w.reshape(runs, inputs, outputs), b.reshape(runs, 1, outputs), joined)
            layers.append(tensors)
        return layers

    def unpack(self, row: FloatArray) -> dict[str, FloatArray]:
        """Return copies of one run's tensors by name, each in its own shape and C order."""
        return {tensor.name: tensor.read(row).copy(order="C") for tensor in self.tensors}

    def pack(self, parameters: Mapping[str, FloatArray], dtype: np.dtype) -> FloatArray:
        """Return one run's row from its tensors.

        Raises: ShapeError if a tensor is missing, is not known, or has another shape.
        """
        expected = {t.name: t.shape for t in self.tensors}
        given = {name: np.shape(tensor) for name, tensor in parameters.items()}
        if given != expected:
            raise ShapeError(f"parameters have shapes {given}; allowed: {expected}")
        row = np.zeros(self.width, dtype)
        for tensor in self.tensors:
            tensor.read(row)[...] = parameters[tensor.name]
        return row


def _aligned(numbers: int) -> int:
    return -(-numbers // ALIGNMENT) * ALIGNMENT
