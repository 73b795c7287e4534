"""Backpropagation of one example with every derivative kept, and the gradient as the mean over examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.tracing.examples import TracedExample
from core.tracing.forward import Values, forward, total
from core.tracing.functions import FUNCTIONS
from core.tracing.network import Row, TracedLayer, TracedNetwork
from core.tracing.numbers import Number, check_length


@dataclass(frozen=True)
class Derivatives:
    """What one example's own E changes by.

    Shapes:
        outputs[l]  dE/d(outputs of layer l); empty for the last under softmax, which is fused with the loss
        slopes[l]   s'(sums of layer l); empty for the last under softmax
        sums[l]     dE/d(sums of layer l)
    """

    outputs: tuple[Row, ...]
    slopes: tuple[Row, ...]
    sums: tuple[Row, ...]


@dataclass(frozen=True)
class Gradient:
    """dE/d(parameters) of one layer, E being the mean over examples.

    Shapes:
        weights  (inputs, outputs)
        biases   (outputs,)
    """

    weights: tuple[Row, ...]
    biases: Row


@dataclass(frozen=True)
class Differentiated:
    """A network on some examples: all values, all derivatives. `loss` is the mean over the examples."""

    network: TracedNetwork
    examples: tuple[TracedExample, ...]
    values: tuple[Values, ...]
    derivatives: tuple[Derivatives, ...]
    gradients: tuple[Gradient, ...]
    loss: Number


def differentiate(network: TracedNetwork, examples: Sequence[TracedExample]) -> Differentiated:
    """Take every example forwards and backwards. Raises: TooLong if a fraction outgrows exact arithmetic."""
    values = tuple(forward(network, example) for example in examples)
    derivatives = tuple(
        _backward(network, value, example) for value, example in zip(values, examples, strict=True)
    )
    gradients = tuple(
        _gradient(layer, [v.inputs[l] for v in values], [d.sums[l] for d in derivatives])
        for l, layer in enumerate(network.layers)
    )
    return Differentiated(network, tuple(examples), values, derivatives, gradients, mean_loss(values))


def mean_loss(values: Sequence[Values]) -> Number:
    """Return the mean of the examples' losses."""
    return _mean([value.loss for value in values])


def _backward(network: TracedNetwork, values: Values, example: TracedExample) -> Derivatives:
    outputs: list[Row] = []
    slopes: list[Row] = []
    sums: list[Row] = []
    last = len(network.layers) - 1
    for l in range(last, -1, -1):
        if l == last and network.loss == "cross_entropy":
            outputs.append(())
            slopes.append(())
            # dE/dz^j = p^j - [j = t]; the targets are 1 for the right class and 0 elsewhere.
            sums.append(tuple(p - t for p, t in zip(values.outputs[l], example.targets, strict=True)))
            continue
        outputs.append(
            _of_squared_error(values.outputs[l], example.targets)
            if l == last
            else _through(network.layers[l + 1], sums[-1])
        )
        slope = FUNCTIONS[network.layers[l].activation].slope
        slopes.append(tuple(map(slope, values.sums[l], values.outputs[l])))
        sums.append(tuple(s * d for s, d in zip(slopes[-1], outputs[-1], strict=True)))
        check_length(*slopes[-1], *sums[-1])
    return Derivatives(tuple(outputs[::-1]), tuple(slopes[::-1]), tuple(sums[::-1]))


def _of_squared_error(outputs: Row, targets: Row) -> Row:
    """Return dE/dy^j = 2 (y^j - t^j) / n."""
    return tuple(2 * (y - t) / len(outputs) for y, t in zip(outputs, targets, strict=True))


def _through(layer: TracedLayer, gradient: Row) -> Row:
    """Return dE/dx_i = sum_j w_i^j dE/dy^j."""
    return tuple(total(w * d for w, d in zip(row, gradient, strict=True)) for row in layer.weights)


def _gradient(layer: TracedLayer, inputs: Sequence[Row], sums: Sequence[Row]) -> Gradient:
    """Return the means over examples of dE/dw_i^j = x_i dE/dy^j and dE/db^j = dE/dy^j."""
    pairs = list(zip(inputs, sums, strict=True))
    units = range(layer.outputs)
    weights = tuple(tuple(_mean([x[i] * d[j] for x, d in pairs]) for j in units) for i in range(layer.inputs))
    return Gradient(weights, tuple(_mean([d[j] for d in sums]) for j in units))


def _mean(numbers: Sequence[Number]) -> Number:
    mean = total(numbers) / len(numbers)
    check_length(mean)
    return mean
