"""The networks of a population as programs of compiled steps, with NumPy between them where it has to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np

from core.arrays import FloatArray, IntArray, empty
from core.compiled.chain import Chain
from core.compiled.program import Code, Descent, Step, add_to_columns, each, multiply
from core.dropout import Dropout
from core.layers import Activation
from core.layout import LayerTensors, Layout


@dataclass(frozen=True, slots=True)
class Update:
    """How weights are changed on the way back: by a step that is handed these gradients, or without one."""

    rule: Callable[[FloatArray], Step | Descent]


@dataclass(frozen=True, slots=True)
class _Slots:
    """Where derivatives by a layer's tensors go: there, or off these by a descent, maybe with a velocity."""

    tensors: LayerTensors
    descent: Descent | None = None
    velocity: LayerTensors | None = None

    def take(self, part: str, left: FloatArray, right: FloatArray, **operands: Any) -> Step:
        """Return the step for derivatives that are a product."""
        slot = getattr(self.tensors, part)
        if self.descent is None:
            return multiply(left, right, slot, **operands)
        where = None if self.velocity is None else getattr(self.velocity, part)
        numbers = self.descent.numbers
        return multiply(left, right, slot, then=self.descent.code, where=where, numbers=numbers, **operands)


class CompiledNetwork:
    """As core.network.Network, to other bits: products are chains of fused multiply-adds.

    Shapes:
        set_of_run  (runs,) which inputs each run sees
    """

    def __init__(
        self,
        layout: Layout,
        parameters: FloatArray,
        gradients: FloatArray | None,
        batch: int,
        activations: Sequence[Activation],
        dropouts: Sequence[Dropout | None],
        set_of_run: IntArray,
    ) -> None:
        """Prepare for batches of one size; without `gradients` only forward passes are possible."""
        self._layout, self._batch = layout, batch
        self._tensors, self._gradients = layout.views(parameters), gradients
        self._activations, self._dropouts = list(activations), list(dropouts)
        self._dtype = parameters.dtype
        self._runs = len(set_of_run)
        self._set_of_run = None if not set_of_run.any() else set_of_run
        self._arrays: dict[tuple[str, int], FloatArray] = {}
        self._inputs: list[FloatArray] = []  # of each layer, in the last forward pass that was added

    def forward(self, chain: Chain, inputs: FloatArray) -> FloatArray:
        """Add a forward pass, and return the outputs (runs, outputs, batch) of the next run of the chain."""
        values = inputs
        last = len(self._tensors) - 1
        self._inputs = []
        for layer, tensors in enumerate(self._tensors):
            self._inputs.append(values)
            values = self._connect(chain, layer, tensors, values)
            if layer == last or not self._is_joined(layer):
                values = self._activate(chain, self._activations[layer], values)
            else:
                self._activations[layer].outputs = values
            dropout = self._dropouts[layer] if layer < last else None
            if dropout is not None:
                values = chain.call(dropout.forward, values)
        return values

    def backward(self, chain: Chain, gradient: FloatArray, update: Update | None) -> None:
        """Add a backward pass of the derivatives with respect to the outputs; `update` as in Network."""
        assert self._gradients is not None, "a backward pass needs room for gradients"  # noqa: S101
        # Where one program does it all, every run's gradients are used up before the next run's are written.
        alone = update is not None and self._is_whole()
        flat = self._gradients[:1] if alone else self._gradients
        rule = None if update is None else update.rule(flat)
        slots = self._slots(flat, rule)
        last = len(self._tensors) - 1
        for layer in range(last, -1, -1):
            dropout = self._dropouts[layer] if layer < last else None
            if dropout is not None:
                gradient = chain.call(dropout.backward, gradient)
            if layer == last or not self._is_joined(layer):
                gradient = self._differentiate_activation(chain, self._activations[layer], gradient)
            before = self._pass_back(chain, layer, gradient) if layer else gradient
            self._differentiate(chain, layer, slots[layer], gradient)
            gradient = before
        if isinstance(rule, Step):
            chain.add(rule)

    def _slots(self, flat: FloatArray, rule: Step | Descent | None) -> list[_Slots]:
        """Where each layer's derivatives go: into gradients, or off the parameters."""
        if not isinstance(rule, Descent):
            return [_Slots(tensors) for tensors in self._layout.views(flat)]
        if rule.velocity is None:
            return [_Slots(tensors, rule) for tensors in self._tensors]
        velocities = self._layout.views(rule.velocity)
        return [_Slots(*layer) for layer in zip(self._tensors, repeat(rule), velocities, strict=False)]

    def _connect(self, chain: Chain, layer: int, tensors: LayerTensors, values: FloatArray) -> FloatArray:
        of_run = self._set_of_run if layer == 0 else None
        if layer == len(self._tensors) - 1:
            outputs = self._memory("outputs", layer, tensors.weight.shape[1], self._batch)
            upright = values.transpose(0, 2, 1)
            reads = {"b": "inputs"} if layer == 0 else None
            chain.add(multiply(tensors.weight, upright, outputs, right_of_run=of_run, reads=reads))
            chain.add(add_to_columns(outputs, tensors.bias))
            return outputs
        outputs = self._memory("outputs", layer, self._batch, tensors.weight.shape[2])
        then = Code.RELU if self._is_joined(layer) else None
        if layer == 0 and tensors.joined is not None:
            reads = {"a": "inputs"}
            chain.add(multiply(values, tensors.joined, outputs, left_of_run=of_run, reads=reads, then=then))
        else:
            chain.add(multiply(values, tensors.weight, outputs, bias=tensors.bias, then=then))
        return outputs

    def _activate(self, chain: Chain, activation: Activation, values: FloatArray) -> FloatArray:
        if activation.name == "relu":
            chain.add(each(Code.RELU, values))
            activation.outputs = values
            return values
        if activation.name == "identity":
            activation.outputs = values
            return values
        return chain.call(activation.forward, values)

    def _is_joined(self, layer: int) -> bool:
        """Whether a layer's activation is part of the products before and behind it."""
        return self._activations[layer].name == "relu" and self._dropouts[layer] is None

    def _is_whole(self) -> bool:
        plain = all(activation.name in ("relu", "identity") for activation in self._activations)
        return plain and not any(self._dropouts)

    def _differentiate_activation(
        self, chain: Chain, activation: Activation, gradient: FloatArray
    ) -> FloatArray:
        if activation.name == "identity":
            return gradient
        if activation.name == "relu":
            chain.add(each(Code.RELU_SLOPE, gradient, activation.outputs))
            return gradient
        return chain.call(activation.backward, gradient)

    def _differentiate(self, chain: Chain, layer: int, slots: _Slots, gradient: FloatArray) -> None:
        """Steps for dE/dW and dE/db."""
        values = self._inputs[layer]
        of_run = self._set_of_run if layer == 0 else None
        if layer == len(self._tensors) - 1:
            reads = {"b": "inputs"} if layer == 0 else None
            chain.add(slots.take("weight", gradient, values, right_of_run=of_run, reads=reads))
            chain.add(slots.take("bias", gradient, np.ones((1, self._batch, 1), self._dtype)))
            return
        upright = values.transpose(0, 2, 1)
        if layer == 0 and slots.tensors.joined is not None:
            chain.add(slots.take("joined", upright, gradient, left_of_run=of_run, reads={"a": "inputs"}))
            return
        chain.add(slots.take("weight", upright, gradient))
        chain.add(slots.take("bias", np.ones((1, 1, self._batch), self._dtype), gradient))

    def _pass_back(self, chain: Chain, layer: int, gradient: FloatArray) -> FloatArray:
        """Steps for dE/dX."""
        weight = self._tensors[layer].weight
        then = where = None
        if self._is_joined(layer - 1):
            then, where = Code.RELU_SLOPE, self._activations[layer - 1].outputs
        if layer == len(self._tensors) - 1:
            before = self._memory("derivatives", layer, self._batch, weight.shape[2])
            chain.add(multiply(gradient.transpose(0, 2, 1), weight, before, then=then, where=where))
        else:
            before = self._memory("derivatives", layer, self._batch, weight.shape[1])
            chain.add(multiply(gradient, weight.transpose(0, 2, 1), before, then=then, where=where))
        return before

    def _memory(self, what: str, layer: int, rows: int, columns: int) -> FloatArray:
        """Memory that all chains share: of a layer's outputs, or of derivatives by its inputs."""
        if (what, layer) not in self._arrays:
            self._arrays[what, layer] = empty((self._runs, rows, columns), self._dtype)
        return self._arrays[what, layer]
