"""A network is its layers in order; one network alone is a population of one."""

from __future__ import annotations

from core.arrays import FloatArray
from core.configuration import Configuration
from core.dropout import Dropout, DropoutNumbers
from core.fields import FUSED
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
        dropout: DropoutNumbers | None = None,
    ) -> None:
        """Prepare all memory that passes need; without `gradients` only forward passes are possible.

        With `dropout` outputs of hidden layers are dropped, for which the numbers' epoch must have begun.

        Of the configuration only activations and loss are read: they are alike in all runs of a population.
        """
        runs = parameters.shape[0]
        tensors = layout.views(parameters)
        slots = layout.views(gradients) if gradients is not None else [None] * len(tensors)
        fully_connected = [
            FullyConnected(tensor, slot, batch) for tensor, slot in zip(tensors, slots, strict=True)
        ]
        hidden = configuration.activation or "identity"
        # A loss on logits has the last activation within itself.
        last = "identity" if configuration.loss in FUSED else configuration.output_activation
        names = [hidden] * (len(tensors) - 1) + [last]
        activations = [
            Activation(name, (runs, batch, units), parameters.dtype)
            for name, units in zip(names, layout.sizes[1:], strict=True)
        ]
        self._first = fully_connected[0]
        self._layers: list[FullyConnected | Activation | Dropout] = []
        for layer, pair in enumerate(zip(fully_connected, activations, strict=True)):
            self._layers += pair
            if dropout is not None and layer < len(tensors) - 1:
                shape = (runs, batch, layout.sizes[layer + 1])
                self._layers.append(Dropout(dropout, layer, shape, parameters.dtype))

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs (logits where the loss takes them); they are overwritten by the next call."""
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
