"""A network is its layers in order; one of a population of one is still a network of a population."""

from __future__ import annotations

from core.arrays import FloatArray
from core.configuration import Configuration
from core.layers import Activation, FullyConnected
from core.layout import Layout


class Network:
    """The networks of all runs of a population, for batches of one size.

    Shapes:
        parameters, gradients  (runs, layout.width), shared with whoever made them
        inputs                 (runs, batch, features), or (1, batch, features) where all runs see the same examples
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
        names = [configuration.activation or "identity"] * (len(tensors) - 1) + [
            configuration.output_activation
        ]
        self._layers: list[FullyConnected | Activation] = []
        for position, (tensor, slot, name) in enumerate(zip(tensors, slots, names, strict=True)):
            self._layers.append(FullyConnected(tensor, slot, batch, first=position == 0))
            self._layers.append(Activation(name, (runs, batch, layout.sizes[position + 1]), parameters.dtype))

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs (logits under softmax); they are overwritten by the next call."""
        values = inputs
        for layer in self._layers:
            values = layer.forward(values)
        return values

    def backward(self, gradient: FloatArray) -> None:
        """Write the derivatives of every parameter, given dE/d(outputs) of the last forward pass."""
        flowing: FloatArray | None = gradient
        for layer in reversed(self._layers):
            assert flowing is not None, "only the first layer ends the backward pass"
            flowing = layer.backward(flowing)


def layer_sizes(configuration: Configuration, features: int, outputs: int) -> tuple[int, ...]:
    """Return the number of values between layers: features, hidden widths, outputs."""
    return (features, *configuration.hidden_layers, outputs)
