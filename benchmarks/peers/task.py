"""A task is everything that a training needs, in one file, so that every peer trains the very same."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Task:
    """Runs are every seed with every rate, seeds outermost; a seed decides first weights and orders.

    Shapes:
        inputs   (rows, features)
        classes  (rows,)
        rates    (rates,)
        orders   (seeds, epochs, rows), positions among the rows
        weights  one array (seeds, inputs, outputs) for each layer; first weights
    """

    inputs: Float32Array
    classes: IntArray
    outputs: int
    rates: NDArray[np.float64]
    seeds: tuple[int, ...]
    orders: IntArray
    weights: tuple[Float32Array, ...]  # first biases are 0
    loss: str  # mse or cross_entropy
    optimizer: str  # sgd, momentum (0.9) or adam (0.9, 0.999, 1e-8)
    batch: int
    together: bool = False  # Backsweep trains all runs in one population instead of asking its planner

    @property
    def epochs(self) -> int:
        """How often every row is seen."""
        return int(self.orders.shape[1])

    @property
    def runs(self) -> int:
        """How many networks are trained."""
        return len(self.seeds) * len(self.rates)

    @property
    def hidden(self) -> tuple[int, ...]:
        """Widths of the hidden layers."""
        return tuple(weight.shape[2] for weight in self.weights[:-1])

    @property
    def targets(self) -> Float32Array:
        """Classes as one-hot numbers (rows, outputs)."""
        return np.eye(self.outputs, dtype=np.float32)[self.classes]

    def spans(self) -> list[tuple[int, int]]:
        """The batches of an epoch; a shorter one is last where they do not divide."""
        rows = len(self.classes)
        return [(start, min(start + self.batch, rows)) for start in range(0, rows, self.batch)]

    def save(self, path: Path) -> None:
        """Write the task to one file."""
        fields = asdict(self)
        weights = {f"weight_{layer}": weight for layer, weight in enumerate(fields.pop("weights"))}
        np.savez(path, **fields, **weights)


def load(path: Path) -> Task:
    """Read what `save` wrote."""
    with np.load(path) as saved:
        names = sorted(name for name in saved.files if name.startswith("weight_"))
        return Task(
            inputs=saved["inputs"],
            classes=saved["classes"],
            outputs=int(saved["outputs"]),
            rates=saved["rates"],
            seeds=tuple(int(seed) for seed in saved["seeds"]),
            orders=saved["orders"],
            weights=tuple(saved[name] for name in names),
            loss=str(saved["loss"]),
            optimizer=str(saved["optimizer"]),
            batch=int(saved["batch"]),
            together=bool(saved["together"]),
        )
