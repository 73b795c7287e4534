"""A trained network answers here as at the service: its preprocessing, its layers, its target's units.

Only columns of numbers are fitted by a search, so only they are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backsweep_client.search.activations import FUNCTIONS, Array

# What a loss on logits has within itself.
FUSED = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}


@dataclass(frozen=True, slots=True)
class Forward:
    """Weights with all that stands before and behind them; plain values, so that it can be pickled.

    Shapes:
        fills, centers, scales  (columns,) for each column of the data, in its order
        constant, indicated     (columns,) whether a column is 0 everywhere, and has an input "was missing"
        weights                 (inputs, outputs) of each layer; biases (outputs,)
        means, deviations       (outputs,) of a regression's targets
    """

    fills: NDArray[np.float64]
    centers: NDArray[np.float64]
    scales: NDArray[np.float64]
    constant: NDArray[np.bool_]
    indicated: NDArray[np.bool_]
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    hidden: str
    output: str
    labels: tuple[str, ...] | None
    means: NDArray[np.float64] | None
    deviations: NDArray[np.float64] | None

    @classmethod
    def of(
        cls, preprocessing: Mapping[str, Any], configuration: Mapping[str, Any], weights: Mapping[str, Any]
    ) -> Forward:
        """Put together what the service tells of a sweep and of one of its runs."""
        features, target = preprocessing["features"], preprocessing["target"]
        if any("categories" in feature for feature in features):
            raise ValueError("a column of text cannot be read here; ask the service's :predict")
        layers = len(weights) // 2
        loss = configuration["loss"]
        return cls(
            fills=_numbers(features, "fill"),
            centers=_numbers(features, "center"),
            scales=_numbers(features, "scale"),
            constant=np.array([feature["constant"] for feature in features], dtype=np.bool_),
            indicated=np.array([feature["indicator"] for feature in features], dtype=np.bool_),
            weights=tuple(weights[f"layers.{layer}.weight"].astype(np.float64) for layer in range(layers)),
            biases=tuple(weights[f"layers.{layer}.bias"].astype(np.float64) for layer in range(layers)),
            hidden=configuration.get("activation") or "identity",
            output=FUSED.get(loss) or configuration.get("output_activation") or "identity",
            labels=tuple(map(str, target["labels"])) if "labels" in target else None,
            means=np.array(target["means"], dtype=np.float64) if "means" in target else None,
            deviations=np.array(target["deviations"], dtype=np.float64) if "means" in target else None,
        )

    def inputs(self, data: NDArray[np.float64]) -> NDArray[np.float64]:
        """The network's inputs for rows of data (rows, columns); NaN is a missing value."""
        missing = np.isnan(data)
        filled = np.where(missing, self.fills, data)
        scaled = np.where(self.constant, 0.0, (filled - self.centers) / self.scales)
        columns: list[NDArray[np.float64]] = []
        for place, is_indicated in enumerate(self.indicated):
            columns.append(scaled[:, place])
            if is_indicated:
                columns.append(missing[:, place].astype(np.float64))
        return np.stack(columns, axis=1)

    def outputs(self, data: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the last layer says (rows, outputs), behind its activation and in the units of the target.

        In float64, whatever the weights are in: a row's answer then hardly depends on the rows beside it, and
        differs from the service's by no more than the rounding of its float32.
        """
        values = self.inputs(data)
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = FUNCTIONS[self.output if layer == last else self.hidden](values @ weight + bias)
        if self.means is None or self.deviations is None:
            return values
        return values * self.deviations + self.means


def _numbers(features: Sequence[Mapping[str, Any]], name: str) -> NDArray[np.float64]:
    return np.array([float(feature[name]) for feature in features], dtype=np.float64)
