"""All parameters of one run lie in one row of numbers, so that one update touches the whole network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core.arrays import FloatArray
from core.errors import ShapeError

ALIGNMENT = 16  # numbers: every tensor starts on a cache line in float32; the gaps stay 0


class Tensor(NamedTuple):
    """Where one tensor lies in a run's row."""

    name: str
    shape: tuple[int, ...]
    start: int
    stop: int


class LayerTensors(NamedTuple):
    """Views of one fully connected layer's tensors in a population.

    Shapes:
        weight  (runs, inputs, outputs)
        bias    (runs, 1, outputs)
    """

    weight: FloatArray
    bias: FloatArray


@dataclass(frozen=True)
class Layout:
    """The tensors of a network with these layer sizes: features, hidden widths, outputs."""

    sizes: tuple[int, ...]

    @cached_property
    def tensors(self) -> tuple[Tensor, ...]:
        """Weight and bias of every layer, in order."""
        tensors: list[Tensor] = []
        start = 0
        for layer, (inputs, outputs) in enumerate(pairwise(self.sizes)):
            for name, shape in (("weight", (inputs, outputs)), ("bias", (outputs,))):
                stop = start + int(np.prod(shape, dtype=np.int64))
                tensors.append(Tensor(f"layers.{layer}.{name}", shape, start, stop))
                start = -(-stop // ALIGNMENT) * ALIGNMENT
        return tuple(tensors)

    @cached_property
    def width(self) -> int:
        """Numbers in a run's row, gaps included."""
        return -(-self.tensors[-1].stop // ALIGNMENT) * ALIGNMENT

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum(tensor.stop - tensor.start for tensor in self.tensors)

    def views(self, flat: FloatArray) -> list[LayerTensors]:
        """Return every layer's tensors as views into `flat` (runs, width)."""
        runs = flat.shape[0]
        parts = [
            flat[:, t.start : t.stop].reshape((runs, *t.shape) if len(t.shape) == 2 else (runs, 1, *t.shape))
            for t in self.tensors
        ]
        return [LayerTensors(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]

    def unpack(self, row: FloatArray) -> dict[str, FloatArray]:
        """Return copies of one run's tensors by name."""
        return {t.name: row[t.start : t.stop].reshape(t.shape).copy() for t in self.tensors}

    def pack(self, parameters: Mapping[str, FloatArray], dtype: np.dtype) -> FloatArray:
        """Return one run's row from its tensors.

        Raises: ShapeError if a tensor is missing, is not known, or has another shape.
        """
        expected = {t.name: t.shape for t in self.tensors}
        given = {name: np.shape(tensor) for name, tensor in parameters.items()}
        if given != expected:
            raise ShapeError(f"parameters have shapes {given}; allowed: {expected}")
        row = np.zeros(self.width, dtype)
        for t in self.tensors:
            row[t.start : t.stop] = np.reshape(parameters[t.name], -1)
        return row
