"""A network is its layers in order; one network alone is a population of one."""

from __future__ import annotations

from core.arrays import FloatArray
from core.configuration import Configuration
from core.dropout import Dropout, DropoutNumbers
from core.fields import FUSED
from core.layers import Activation, FullyConnected, LastFullyConnected
from core.layout import Layout
from core.rows import Sharing


class Network:
    """The networks of all runs of a population, for batches of one size.

    Shapes:
        parameters, gradients  (runs, layout.width), shared with whoever made them
        inputs                 (sets, batch, features), with a last column of ones if `layout.joins_bias`
        outputs                (runs, outputs, batch)
    """

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        parameters: FloatArray,
        gradients: FloatArray | None,
        batch: int,
        dropout: DropoutNumbers | None = None,
        sharing: Sharing | None = None,
    ) -> None:
        """Prepare all memory that passes need; without `gradients` only forward passes are possible.

        With `dropout` outputs of hidden layers are dropped, for which the numbers' epoch must have begun.
        `sharing` says which runs see the same inputs; by default all see one set.

        Of the configuration only activations and loss are read: they are alike in all runs of a population.
        """
        runs = parameters.shape[0]
        tensors = layout.views(parameters)
        slots = layout.views(gradients) if gradients is not None else [None] * len(tensors)
        last = len(tensors) - 1
        hidden = configuration.activation or "identity"
        # A loss on logits has the last activation within itself.
        final = "identity" if configuration.loss in FUSED else configuration.output_activation
        self._layers: list[Activation | Dropout | FullyConnected | LastFullyConnected] = []
        connected: list[FullyConnected | LastFullyConnected] = []
        self.activations: list[Activation] = []  # in order, each with its outputs of the last forward pass
        for layer, (tensor, slot, units) in enumerate(zip(tensors, slots, layout.sizes[1:], strict=True)):
            shared = None if layer else sharing or Sharing([0] * runs)
            kind = LastFullyConnected if layer == last else FullyConnected
            shape = (runs, units, batch) if layer == last else (runs, batch, units)
            connected.append(kind(tensor, slot, batch, shared))
            name = final if layer == last else hidden
            self.activations.append(Activation(name, shape, parameters.dtype))
            self._layers.append(connected[-1])
            if name != "identity":  # which passes on what it gets
                self._layers.append(self.activations[-1])
            if dropout is not None and layer < last:
                self._layers.append(Dropout(dropout, layer, shape, parameters.dtype))
        self._first = connected[0]

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
