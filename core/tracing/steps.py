"""The article's five steps of backpropagation as equations, from the error back to every update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from core.tracing.derivatives import Differentiated
from core.tracing.entries import Entry, added, entry, products
from core.tracing.functions import FUNCTIONS
from core.tracing.names import Names
from core.tracing.network import TracedNetwork
from core.tracing.numbers import Number, factor, shown
from core.tracing.paths import Parameter, parameters_of

TITLES = {
    1: "The error with respect to the network's outputs",
    2: "The error with respect to the outputs of the layer before",
    3: "The error with respect to the parameters",
    4: "One step of gradient descent",
    5: "The same for every layer before",
}


class Step(TypedDict):
    """One of the five steps; the fifth has a round of steps 2, 3 and 4 for each earlier layer."""

    number: int
    layer: int | None
    title: str
    text: str
    entries: list[Entry]
    rounds: NotRequired[list[Round]]


class Round(TypedDict):
    """Steps 2, 3 and 4 for one layer."""

    layer: int
    steps: list[Step]


@dataclass(frozen=True)
class Writer:
    """What the equations are written from: one traced step and the network after it."""

    done: Differentiated
    names: Names
    learning_rate: Number
    after: TracedNetwork

    def steps(self) -> list[Step]:
        """Return the five steps in order."""
        last = len(self.done.network.layers) - 1
        rounds = [Round(layer=l, steps=self._round(l)) for l in range(last - 1, -1, -1)]
        text = "Steps 2 to 4 again, from the layer before the last to the first."
        if not rounds:
            text = "There is no layer before this one."
        return [
            self._at_outputs(last),
            *self._round(last),
            Step(number=5, layer=None, title=TITLES[5], text=text, entries=[], rounds=rounds),
        ]

    def _round(self, l: int) -> list[Step]:
        return [self._through(l), self._to_parameters(l), self._update(l)]

    def _at_outputs(self, last: int) -> Step:
        names, done = self.names, self.done
        width = done.network.sizes[-1]
        entries = []
        for j, (output, target) in enumerate(zip(names.outputs[-1], names.targets, strict=True)):
            pairs = list(zip(done.values, done.examples, done.derivatives, strict=True))
            if done.network.loss == "mse":
                about, formula = output, f"2 * ({output} - {target}) / {width}"
                put = [
                    (
                        f"2 * ({shown(v.outputs[-1][j])} - {factor(e.targets[j])}) / {width}",
                        d.outputs[-1][j],
                    )
                    for v, e, d in pairs
                ]
            else:
                about, formula = names.sums[-1][j], f"{output} - {target}"
                put = [
                    (f"{shown(v.outputs[-1][j])} - {factor(e.targets[j])}", d.sums[-1][j])
                    for v, e, d in pairs
                ]
            entries.append(entry("derivative", names.derivative(about), formula, put))
        text = "E is the mean of the squared differences: each output has its own share of the derivative."
        if done.network.loss == "cross_entropy":
            text = (
                "Softmax and logarithm are differentiated together: what is left is output minus target, "
                "the target being 1 for the right class and 0 for the others."
            )
        return Step(number=1, layer=last, title=TITLES[1], text=text, entries=entries)

    def _through(self, l: int) -> Step:
        names, done = self.names, self.done
        entries = []
        if done.derivatives[0].slopes[l]:
            entries += [self._slope(l, j) for j in range(done.network.layers[l].outputs)]
            for j, (own_sum, output) in enumerate(zip(names.sums[l], names.outputs[l], strict=True)):
                put = [
                    (f"{factor(d.slopes[l][j])} * {factor(d.outputs[l][j])}", d.sums[l][j])
                    for d in done.derivatives
                ]
                formula = f"s'({own_sum}) * {names.derivative(output)}"
                entries.append(entry("derivative", names.derivative(own_sum), formula, put))
        if l:
            entries += [self._input(l, i) for i in range(done.network.layers[l].inputs)]
        text = "Back through the activation, and through the weights to what the layer took in."
        if not l:
            text = "Back through the activation; the derivatives of the network's own inputs are not needed."
        return Step(number=2, layer=l, title=TITLES[2], text=text, entries=entries)

    def _slope(self, l: int, j: int) -> Entry:
        own_sum, output = self.names.sums[l][j], self.names.outputs[l][j]
        formula = FUNCTIONS[self.done.network.layers[l].activation].slope_formula
        put = [
            (formula.format(x=factor(v.sums[l][j]), y=factor(v.outputs[l][j])), d.slopes[l][j])
            for v, d in zip(self.done.values, self.done.derivatives, strict=True)
        ]
        return entry("slope", f"s'({own_sum})", formula.format(x=own_sum, y=output), put)

    def _input(self, l: int, i: int) -> Entry:
        names, row = self.names, self.done.network.layers[l].weights[i]
        formula = added(
            len(row),
            lambda j: f"{names.symbol(Parameter(l, i, j))} * {names.derivative(names.sums[l][j])}",
        )
        put = [(products(row, d.sums[l]), d.outputs[l - 1][i]) for d in self.done.derivatives]
        return entry("derivative", names.derivative(names.inputs_of(l)[i]), formula, put)

    def _to_parameters(self, l: int) -> Step:
        entries = [self._gradient(parameter) for parameter in parameters_of(self.done.network, l)]
        text = (
            "For a weight: what came in through it, times the derivative of the sum. For a bias: the latter."
        )
        return Step(number=3, layer=l, title=TITLES[3], text=text, entries=entries)

    def _gradient(self, parameter: Parameter) -> Entry:
        l, i, j = parameter.layer, parameter.source, parameter.target
        names, done = self.names, self.done
        formula = names.derivative(names.sums[l][j])
        if i is not None:
            formula = f"{names.inputs_of(l)[i]} * {formula}"
        if len(done.examples) > 1:
            formula = f"the mean over {len(done.examples)} examples of {formula}"
        put: list[tuple[str, Number]] = []
        for v, d in zip(done.values, done.derivatives, strict=True):
            if i is None:
                put.append((shown(d.sums[l][j]), d.sums[l][j]))
            else:
                x = v.inputs[l][i]
                put.append((f"{factor(x)} * {factor(d.sums[l][j])}", x * d.sums[l][j]))
        return entry(
            "gradient",
            names.derivative(names.symbol(parameter)),
            formula,
            put,
            identifier=names.id(parameter),
            result=parameter.gradient(done),
        )

    def _update(self, l: int) -> Step:
        entries = [self._new_value(parameter) for parameter in parameters_of(self.done.network, l)]
        text = "Every parameter moves against its derivative; all derivatives are those of the values before."
        return Step(number=4, layer=l, title=TITLES[4], text=text, entries=entries)

    def _new_value(self, parameter: Parameter) -> Entry:
        symbol = self.names.symbol(parameter)
        before, gradient = parameter.value(self.done.network), parameter.gradient(self.done)
        put = f"{shown(before)} - {factor(self.learning_rate)} * {factor(gradient)}"
        return entry(
            "update",
            f"new {symbol}",
            f"{symbol} - learning_rate * {self.names.derivative(symbol)}",
            [(put, parameter.value(self.after))],
            identifier=self.names.id(parameter),
        )
