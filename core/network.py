"""A network is its layers in order; one network alone is a population of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import FloatArray
from core.batches import Batch
from core.compiled.chain import Chain
from core.compiled.library import kernel
from core.compiled.network import CompiledNetwork
from core.compiled.program import Kernel
from core.configuration import Configuration
from core.dropout import Dropout, DropoutNumbers
from core.fields import FUSED
from core.layers import Activation, FullyConnected, LastFullyConnected
from core.layout import LayerTensors, Layout
from core.rows import Sharing


class Network:
    """The networks of all runs of a population, for batches of one size.

    Its passes are compiled steps where there are such, else NumPy's; the two have bits of their own.

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
        hidden = configuration.activation or "identity"
        # A loss on logits has the last activation within itself.
        final = "identity" if configuration.loss in FUSED else configuration.output_activation
        *shapes, last = [(runs, batch, units) for units in layout.sizes[1:]]
        names = [*[hidden] * len(shapes), final]
        shapes.append((runs, last[2], batch))
        # In order, each with its outputs of the last forward pass.
        self.activations = [
            Activation(name, shape, parameters.dtype) for name, shape in zip(names, shapes, strict=True)
        ]
        dropouts = [
            None if dropout is None else Dropout(dropout, layer, shape, parameters.dtype)
            for layer, shape in enumerate(shapes[:-1])
        ]
        sharing = sharing or Sharing([0] * runs)
        found = kernel() if parameters.dtype.kind == "f" else None  # complex steps are NumPy's
        # What chains of compiled steps are made of, where there are such.
        self.compiled: tuple[Kernel, CompiledNetwork] | None = None
        self._layers: _Layers | None = None
        self._runs, self._dtype = runs, parameters.dtype
        if found is not None:
            sets = np.array(sharing.set_of_run, np.int64)
            network = CompiledNetwork(layout, parameters, gradients, batch, self.activations, dropouts, sets)
            self.compiled = found, network
        else:
            slots = None if gradients is None else layout.views(gradients)
            self._layers = _Layers(
                layout.views(parameters), slots, batch, self.activations, dropouts, sharing
            )

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs (logits where the loss takes them); they are overwritten by the next call."""
        if self._layers is not None:
            return self._layers.forward(inputs)
        assert self.compiled is not None  # noqa: S101 - one of the two
        kernel, network = self.compiled
        nothing = np.empty((1, 0, 0), np.int64)
        chain = Chain(kernel, self._runs, self._dtype, Batch(inputs, inputs, nothing, nothing))
        outputs = network.forward(chain, inputs)
        chain.close()
        return outputs

    def backward(self, gradient: FloatArray) -> None:
        """Write the derivatives of every parameter, given dE/d(outputs) of the last forward pass.

        Of compiled networks passes ask it by chains of their own.
        """
        assert self._layers is not None, "a compiled network goes backward in a chain"  # noqa: S101
        self._layers.backward(gradient)


class _Layers:
    """Layer after layer over all runs at once, by NumPy."""

    def __init__(
        self,
        tensors: Sequence[LayerTensors],
        slots: Sequence[LayerTensors] | None,
        batch: int,
        activations: Sequence[Activation],
        dropouts: Sequence[Dropout | None],
        sharing: Sharing,
    ) -> None:
        self._layers: list[Activation | Dropout | FullyConnected | LastFullyConnected] = []
        last = len(tensors) - 1
        for layer, tensor in enumerate(tensors):
            kind = LastFullyConnected if layer == last else FullyConnected
            slot = None if slots is None else slots[layer]
            connected = kind(tensor, slot, batch, None if layer else sharing)
            self._layers.append(connected)
            if layer == 0:
                self._first = connected
            if activations[layer].name != "identity":  # which passes on what it gets
                self._layers.append(activations[layer])
            dropout = dropouts[layer] if layer < last else None
            if dropout is not None:
                self._layers.append(dropout)

    def forward(self, inputs: FloatArray) -> FloatArray:
        values = inputs
        for layer in self._layers:
            values = layer.forward(values)
        return values

    def backward(self, gradient: FloatArray) -> None:
        for layer in self._layers[:0:-1]:
            gradient = layer.backward(gradient)
        self._first.differentiate(gradient)


def layer_sizes(configuration: Configuration, features: int, outputs: int) -> tuple[int, ...]:
    """Return how many values stand between layers: features, hidden widths, outputs."""
    return (features, *configuration.hidden_layers, outputs)
