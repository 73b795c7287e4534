"""Forward propagation as equations: every sum, every activation, and the error."""

from __future__ import annotations

from collections.abc import Sequence

from core.tracing.derivatives import mean_loss
from core.tracing.entries import Entry, added, entry, products
from core.tracing.examples import TracedExample
from core.tracing.forward import Values
from core.tracing.functions import FUNCTIONS
from core.tracing.names import Names
from core.tracing.network import TracedNetwork
from core.tracing.numbers import factor, shown
from core.tracing.paths import Parameter


def forward_document(
    network: TracedNetwork, names: Names, examples: Sequence[TracedExample], values: Sequence[Values]
) -> dict[str, object]:
    """Return `layers`, each with its `sums` and `outputs`, and the `error`."""
    layers: list[dict[str, object]] = [
        {
            "layer": l,
            "function": layer.activation,
            "sums": [_sum(network, names, values, l, j) for j in range(layer.outputs)],
            "outputs": [_output(network, names, values, l, j) for j in range(layer.outputs)],
        }
        for l, layer in enumerate(network.layers)
    ]
    return {"layers": layers, "error": _error(network, names, examples, values)}


def _sum(network: TracedNetwork, names: Names, values: Sequence[Values], l: int, j: int) -> Entry:
    layer, inputs = network.layers[l], names.inputs_of(l)
    formula = added(layer.inputs, lambda i: f"{names.symbol(Parameter(l, i, j))} * {inputs[i]}")
    weights = tuple(row[j] for row in layer.weights)
    put = [f"{products(weights, v.inputs[l])} + {factor(layer.biases[j])}" for v in values]
    return entry(
        "sum",
        names.sums[l][j],
        f"{formula} + {names.symbol(Parameter(l, None, j))}",
        [(text, v.sums[l][j]) for text, v in zip(put, values, strict=True)],
        identifier=names.sum_ids[l][j],
    )


def _output(network: TracedNetwork, names: Names, values: Sequence[Values], l: int, j: int) -> Entry:
    activation = network.layers[l].activation
    width = network.layers[l].outputs
    if activation == "softmax":

        def written_out(own: str, all_sums: Sequence[str]) -> str:
            return f"e^{own} / ({added(width, lambda k: f'e^{all_sums[k]}')})"

        formula = written_out(names.sums[l][j], names.sums[l])
        put = [written_out(factor(v.sums[l][j]), [factor(s) for s in v.sums[l]]) for v in values]
    else:
        text = FUNCTIONS[activation].formula
        formula = text.format(x=names.sums[l][j])
        put = [text.format(x=factor(v.sums[l][j])) for v in values]
    return entry(
        "output",
        names.outputs[l][j],
        formula,
        [(text, v.outputs[l][j]) for text, v in zip(put, values, strict=True)],
        identifier=names.output_ids[l][j],
    )


def _error(
    network: TracedNetwork, names: Names, examples: Sequence[TracedExample], values: Sequence[Values]
) -> Entry:
    outputs = names.outputs[-1]
    if network.loss == "mse":
        formula = _squares(outputs, names.targets)
        put = [
            _squares([*map(shown, v.outputs[-1])], [*map(factor, e.targets)])
            for v, e in zip(values, examples, strict=True)
        ]
    else:
        formula = "-ln(output of the right class)"
        put = [f"-ln({shown(v.outputs[-1][e.right_class])})" for v, e in zip(values, examples, strict=True)]
    if len(values) > 1:
        formula = f"the mean over {len(values)} examples of {formula}"
    pairs = [(text, v.loss) for text, v in zip(put, values, strict=True)]
    return entry("error", "E", formula, pairs, result=mean_loss(values))


def _squares(outputs: Sequence[str], targets: Sequence[str]) -> str:
    return f"({added(len(outputs), lambda j: f'({outputs[j]} - {targets[j]})^2')}) / {len(outputs)}"
