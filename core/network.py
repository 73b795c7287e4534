"""A network is its layers in order; one network alone is a population of one."""

from __future__ import annotations

from core.arrays import FloatArray
from core.configuration import Configuration
from core.layers import Activation, FullyConnected
from core.layout import Layout


class Network:
    """The networks of all runs of a population, for batches of one size.

    Shapes:
        parameters, gradients  (runs, layout.width), shared with whoever made them
        inputs                 (runs, batch, features), or (1, batch, features) if all see the same examples
        outputs                (runs, batch, outputs)
    """

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        parameters: FloatArray,
        gradients: FloatArray | None,
        batch: int,
    ) -> None:
        """Prepare all memory that passes need; without `gradients` only forward passes are possible.

        Of the configuration only activations are read: they are alike in all runs of a population.
        """
        runs = parameters.shape[0]
        tensors = layout.views(parameters)
        slots = layout.views(gradients) if gradients is not None else [None] * len(tensors)
        fully_connected = [
            FullyConnected(tensor, slot, batch) for tensor, slot in zip(tensors, slots, strict=True)
        ]
        hidden = configuration.activation or "identity"
        names = [hidden] * (len(tensors) - 1) + [configuration.output_activation]
        activations = [
            Activation(name, (runs, batch, units), parameters.dtype)
            for name, units in zip(names, layout.sizes[1:], strict=True)
        ]
        self._first = fully_connected[0]
        self._layers = [layer for pair in zip(fully_connected, activations, strict=True) for layer in pair]

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs (logits under softmax); they are overwritten by the next call."""
        values = inputs
        for layer in self._layers:
            values = layer.forward(values)
        return values

    def backward(self, gradient: FloatArray) -> None:
        """Write the derivatives of every parameter, given dE/d(outputs) of the last forward pass."""
        for layer in self._layers[:0:-1]:
            gradient = layer.backward(gradient)
        self._first.differentiate(gradient)


def layer_sizes(configuration: Configuration, features: int, outputs: int) -> tuple[int, ...]:
    """Return how many values stand between layers: features, hidden widths, outputs."""
    return (features, *configuration.hidden_layers, outputs)
