"""Examples are checked once, here, so that nothing after this asks again whether they can be trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.arrays import Float64Array, IntArray
from core.errors import DataError, ShapeError

Task = Literal["classification", "regression"]


@dataclass(frozen=True, eq=False)
class Examples:
    """A table of examples, all numbers.

    Shapes:
        inputs   (rows, features) float64, C-contiguous, finite
        targets  (rows,) int64 class indices below `outputs`, or (rows, outputs) float64, finite

    Raises: ShapeError, DataError.
    """

    inputs: Float64Array
    targets: IntArray | Float64Array
    outputs: int  # classes, or target columns
    task: Task

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or 0 in self.inputs.shape:
            raise ShapeError(
                f"inputs have shape {self.inputs.shape}; allowed: (rows, features), both at least 1"
            )
        if self.inputs.dtype != np.float64 or not self.inputs.flags.c_contiguous:
            raise DataError(f"inputs are {self.inputs.dtype}; allowed: float64, C-contiguous")
        _check_finite("inputs", self.inputs)
        if self.outputs < 1:
            raise ShapeError(f"outputs is {self.outputs}; allowed: at least 1")
        if self.task == "classification":
            self._check_classes()
        elif self.task == "regression":
            self._check_numbers()
        else:
            raise DataError(f"task is {self.task!r}; allowed: classification, regression")

    @property
    def rows(self) -> int:
        """How many examples there are."""
        return int(self.inputs.shape[0])

    @property
    def features(self) -> int:
        """How many inputs each example has."""
        return int(self.inputs.shape[1])

    @property
    def classes(self) -> IntArray:
        """The targets of a classification (rows,)."""
        return self.targets.astype(np.int64, copy=False)

    @property
    def numbers(self) -> Float64Array:
        """The targets of a regression (rows, outputs)."""
        return self.targets.astype(np.float64, copy=False)

    def check_rows(self, rows: IntArray) -> None:
        """Refuse rows, at least one of them, that are not all in the table.

        Raises: DataError.
        """
        lowest, highest = int(rows.min()), int(rows.max())
        if lowest < 0 or highest >= self.rows:
            raise DataError(f"rows run from {lowest} to {highest}; allowed: 0 to {self.rows - 1}")

    def _check_classes(self) -> None:
        if self.targets.shape != (self.rows,) or self.targets.dtype != np.int64:
            raise ShapeError(
                f"targets are {self.targets.dtype} of shape {self.targets.shape}; "
                f"allowed: int64 of shape ({self.rows},)"
            )
        lowest, highest = int(self.targets.min()), int(self.targets.max())
        if lowest < 0 or highest >= self.outputs:
            raise DataError(f"classes run from {lowest} to {highest}; allowed: 0 to {self.outputs - 1}")

    def _check_numbers(self) -> None:
        if self.targets.shape != (self.rows, self.outputs) or self.targets.dtype != np.float64:
            raise ShapeError(
                f"targets are {self.targets.dtype} of shape {self.targets.shape}; "
                f"allowed: float64 of shape ({self.rows}, {self.outputs})"
            )
        _check_finite("targets", self.numbers)


def _check_finite(name: str, table: Float64Array) -> None:
    finite = np.isfinite(table)
    if not finite.all():
        row, column = (int(place) for place in np.argwhere(~finite)[0])
        raise DataError(
            f"{name}[{row}, {column}] is {table[row, column]}, not finite; allowed: finite numbers"
        )
