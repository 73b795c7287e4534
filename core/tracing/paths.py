"""Every path from a parameter to the error is a chain of factors, and the paths' products add up to dE/dp."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from core.tracing.derivatives import Differentiated
from core.tracing.network import TracedNetwork
from core.tracing.numbers import Number


@dataclass(frozen=True)
class Parameter:
    """Where a weight or bias stands: from input `source` (None for a bias) to output `target` of a layer."""

    layer: int
    source: int | None
    target: int

    def value(self, network: TracedNetwork) -> Number:
        """Return the parameter in a network."""
        layer = network.layers[self.layer]
        return (layer.biases if self.source is None else layer.weights[self.source])[self.target]

    def gradient(self, done: Differentiated) -> Number:
        """Return dE/dp, the mean over examples."""
        of_layer = done.gradients[self.layer]
        return (of_layer.biases if self.source is None else of_layer.weights[self.source])[self.target]


@dataclass(frozen=True)
class Path:
    """One way from a parameter to one example's E.

    Shapes:
        units    one unit for each layer from the parameter's own to the last
        factors  d(sum)/dp, then for each layer s'(sum) and, up to the next, the weight; last dE/d(output).
                 Under softmax the last layer has no s', and the last factor is dE/d(sum).
    """

    units: tuple[int, ...]
    factors: tuple[Number, ...]

    @property
    def product(self) -> Number:
        """The path's share of dE/dp."""
        return math.prod(self.factors[1:], start=self.factors[0])


def parameters_of(network: TracedNetwork, layer: int) -> Iterator[Parameter]:
    """Return the parameters of a layer, weights in rows and then biases."""
    for source in (*range(network.layers[layer].inputs), None):
        for target in range(network.layers[layer].outputs):
            yield Parameter(layer, source, target)


def all_parameters(network: TracedNetwork) -> Iterator[Parameter]:
    """Return every parameter, layer by layer."""
    for layer in range(len(network.layers)):
        yield from parameters_of(network, layer)


def count(network: TracedNetwork, layer: int) -> int:
    """Return how many paths lead from a parameter of this layer to E: through any unit of each later layer.

    It is an element of the product of the later layers' weight matrices with 1 for every weight.
    """
    return math.prod(network.sizes[layer + 2 :])


def paths(done: Differentiated, parameter: Parameter, example: int) -> Iterator[Path]:
    """Return a parameter's paths for one example, the last layer's unit varying fastest."""
    widths = done.network.sizes[parameter.layer + 2 :]
    for later in itertools.product(*map(range, widths)):
        units = (parameter.target, *later)
        yield Path(units, tuple(_factors(done, parameter, units, example)))


def _factors(
    done: Differentiated, parameter: Parameter, units: tuple[int, ...], example: int
) -> Iterator[Number]:
    values, derivatives = done.values[example], done.derivatives[example]
    own_input = values.inputs[parameter.layer]
    yield own_input[parameter.source] if parameter.source is not None else type(own_input[0])(1)
    last = len(done.network.layers) - 1
    for l, unit in enumerate(units, parameter.layer):
        if derivatives.slopes[l]:
            yield derivatives.slopes[l][unit]
        if l < last:
            yield done.network.layers[l + 1].weights[unit][units[l + 1 - parameter.layer]]
        else:
            yield (derivatives.outputs[l] or derivatives.sums[l])[unit]
