"""A traced network is written out in full: every weight, every bias, and what follows each layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.tracing.functions import FUNCTIONS
from core.tracing.numbers import Number

Row = tuple[Number, ...]

LOSSES = ("mse", "cross_entropy")


@dataclass(frozen=True)
class TracedLayer:
    """A fully connected layer and the activation after it.

    Shapes:
        weights  (inputs, outputs)
        biases   (outputs,)
    """

    weights: tuple[Row, ...]
    biases: Row
    activation: str

    @property
    def inputs(self) -> int:
        """How many numbers go in."""
        return len(self.weights)

    @property
    def outputs(self) -> int:
        """How many numbers come out."""
        return len(self.biases)


@dataclass(frozen=True)
class TracedNetwork:
    """Layers in order, and the loss of their outputs; softmax stands last if that is cross_entropy."""

    layers: tuple[TracedLayer, ...]
    loss: str

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many numbers stand between the layers: inputs, outputs of each layer."""
        return (self.layers[0].inputs, *(layer.outputs for layer in self.layers))

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return sum((layer.inputs + 1) * layer.outputs for layer in self.layers)

    @property
    def rational(self) -> bool:
        """Tell whether fractions stay fractions all the way to the loss."""
        return self.loss == "mse" and all(FUNCTIONS[layer.activation].rational for layer in self.layers)

    def map(self, change: Callable[[Number], Number]) -> TracedNetwork:
        """Return the network with every parameter changed."""
        layers = (
            TracedLayer(
                tuple(tuple(map(change, row)) for row in layer.weights),
                tuple(map(change, layer.biases)),
                layer.activation,
            )
            for layer in self.layers
        )
        return TracedNetwork(tuple(layers), self.loss)
