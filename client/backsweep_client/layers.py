"""What training did to each layer of a network, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backsweep_client.numbers import known


@dataclass(frozen=True, slots=True)
class Layers:
    """Of each layer, from the inputs on, `gradient_norm`, `weight_norm` and `update_ratio` by epoch."""

    run: str
    epochs: tuple[int, ...]
    layers: tuple[Mapping[str, Sequence[float]], ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Layers:
        """Read what the service tells; numbers that are not finite are numbers again."""
        layers = (
            {name: [known(value) for value in column] for name, column in layer.items()}
            for layer in document["layers"]
        )
        return cls(document["run"], tuple(document["epochs"]), tuple(layers))
