"""Forward propagation of one example, with every value kept."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.tracing.examples import TracedExample
from core.tracing.functions import FUNCTIONS
from core.tracing.network import Row, TracedLayer, TracedNetwork
from core.tracing.numbers import Number, check_length


@dataclass(frozen=True)
class Values:
    """What one example made of the network.

    Shapes:
        inputs[l]   what layer l took, inputs[0] being the example's own
        sums[l]     y^j = sum_i w_i^j x_i + b^j of layer l
        outputs[l]  s(sums[l]), the last being the network's: probabilities under softmax
    """

    inputs: tuple[Row, ...]
    sums: tuple[Row, ...]
    outputs: tuple[Row, ...]
    loss: Number


def forward(network: TracedNetwork, example: TracedExample) -> Values:
    """Evaluate layer by layer, then the loss. Raises: TooLong if a fraction outgrows exact arithmetic."""
    inputs, sums, outputs = [], [], []
    values = example.inputs
    for layer in network.layers:
        inputs.append(values)
        sums.append(_sums(layer, values))
        values = _activated(layer, sums[-1])
        outputs.append(values)
    loss = (
        squared_error(outputs[-1], example.targets)
        if network.loss == "mse"
        else cross_entropy(sums[-1], example.right_class)
    )
    check_length(loss)
    return Values(tuple(inputs), tuple(sums), tuple(outputs), loss)


def squared_error(outputs: Row, targets: Row) -> Number:
    """Return (1/n) sum_j (y^j - t^j)^2."""
    residuals = [y - t for y, t in zip(outputs, targets, strict=True)]
    return total(r * r for r in residuals) / len(outputs)


def cross_entropy(logits: Row, right_class: int) -> Number:
    """Return -ln p^t = ln(sum_k e^(z^k - m)) + m - z^t, m being the largest logit."""
    return math.log(total(_powers(logits))) + max(logits) - logits[right_class]


def softmax(logits: Row) -> Row:
    """Return p^j = e^(z^j - m) / sum_k e^(z^k - m)."""
    powers = _powers(logits)
    whole = total(powers)
    return tuple(power / whole for power in powers)


def total(terms: Iterable[Number]) -> Number:
    """Add up at least one term, from left to right: how `sum` rounds floats differs between Pythons.

    Raises: TooLong as soon as a fraction outgrows exact arithmetic.
    """
    rest = iter(terms)
    result = next(rest)
    for term in rest:
        result = result + term
        check_length(result)
    return result


def _powers(logits: Row) -> list[float]:
    largest = max(logits)
    return [math.exp(z - largest) for z in logits]


def _sums(layer: TracedLayer, inputs: Row) -> Row:
    return tuple(
        total((*(x * row[j] for x, row in zip(inputs, layer.weights, strict=True)), bias))
        for j, bias in enumerate(layer.biases)
    )


def _activated(layer: TracedLayer, sums: Row) -> Row:
    if layer.activation == "softmax":
        return softmax(sums)
    outputs = tuple(map(FUNCTIONS[layer.activation].value, sums))
    check_length(*outputs)
    return outputs
