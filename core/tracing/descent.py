"""Plain gradient descent on all examples at once, in fractions for as long as they stay short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.tracing.derivatives import Differentiated, differentiate, mean_loss
from core.tracing.examples import TracedExample
from core.tracing.forward import Values, forward
from core.tracing.functions import FUNCTIONS
from core.tracing.network import Row, TracedLayer, TracedNetwork
from core.tracing.numbers import Number, TooLong, check_length, nearest_float

# Parameters x examples that are worth fractions: more than people read, and fractions are slow.
MAX_EXACT_WORK = 4_096
TOO_LONG = "the fractions become too long"


@dataclass(frozen=True)
class Step:
    """One step and the network that it leads to; `reason` says why it is not exact, None if it is.

    Of an exact step, `values` and `loss` may be float64: they take a second pass, whose fractions are longer.
    """

    before: Differentiated
    learning_rate: Number
    network: TracedNetwork
    values: tuple[Values, ...]  # of the network after the step
    loss: Number  # after the step
    reason: str | None


def first_step(network: TracedNetwork, examples: Sequence[TracedExample], learning_rate: Number) -> Step:
    """Take a step in fractions where functions and lengths allow it, in float64 elsewhere."""
    reason = _reason_against_fractions(network, len(examples))
    if reason is None:
        try:
            return _step(network, examples, learning_rate, None)
        except TooLong:
            reason = TOO_LONG
    return _step_in_floats(network, examples, learning_rate, reason)


def later_losses(step: Step, steps: int) -> Iterator[Number]:
    """Return the loss after each of so many further steps."""
    for _ in range(steps):
        try:
            step = _step(step.network, step.before.examples, step.learning_rate, step.reason)
        except TooLong:
            step = _step_in_floats(step.network, step.before.examples, step.learning_rate, TOO_LONG)
        yield step.loss


def _descended(done: Differentiated, learning_rate: Number) -> TracedNetwork:
    """Return the network after one step, p - rate * dE/dp."""

    def moved(parameters: Row, gradient: Row) -> Row:
        after = tuple(p - learning_rate * g for p, g in zip(parameters, gradient, strict=True))
        check_length(*after)
        return after

    layers = (
        TracedLayer(
            tuple(moved(row, g) for row, g in zip(layer.weights, gradient.weights, strict=True)),
            moved(layer.biases, gradient.biases),
            layer.activation,
        )
        for layer, gradient in zip(done.network.layers, done.gradients, strict=True)
    )
    return TracedNetwork(tuple(layers), done.network.loss)


def _step(
    network: TracedNetwork, examples: Sequence[TracedExample], learning_rate: Number, reason: str | None
) -> Step:
    before = differentiate(network, examples)
    after = _descended(before, learning_rate)
    try:
        values = tuple(forward(after, example) for example in examples)
        loss = mean_loss(values)
    except TooLong:
        in_floats = after.map(nearest_float)
        values = tuple(forward(in_floats, example) for example in _in_floats(examples))
        loss = mean_loss(values)
    return Step(before, learning_rate, after, values, loss, reason)


def _step_in_floats(
    network: TracedNetwork, examples: Sequence[TracedExample], learning_rate: Number, reason: str
) -> Step:
    return _step(network.map(nearest_float), _in_floats(examples), nearest_float(learning_rate), reason)


def _in_floats(examples: Sequence[TracedExample]) -> list[TracedExample]:
    return [
        TracedExample(tuple(map(nearest_float, example.inputs)), tuple(map(nearest_float, example.targets)))
        for example in examples
    ]


def _reason_against_fractions(network: TracedNetwork, examples: int) -> str | None:
    for layer in network.layers:
        if layer.activation in FUNCTIONS and not FUNCTIONS[layer.activation].rational:
            return f"{layer.activation} is not a rational function"
    if network.loss != "mse":
        return f"{network.loss} is not a rational function"
    if network.parameters * examples > MAX_EXACT_WORK:
        return f"parameters x examples are more than {MAX_EXACT_WORK:,}"
    return None
