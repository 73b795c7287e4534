"""A trace as data: plain dictionaries that the API returns as JSON and a page draws."""

from __future__ import annotations

from core.tracing.derivatives import Differentiated
from core.tracing.names import Names
from core.tracing.network import Row, TracedNetwork
from core.tracing.numbers import Number, written
from core.tracing.paths import Parameter, all_parameters

CONVENTIONS = (
    "E is the mean over examples. Derivatives of sums and outputs are those of each example's own E; a "
    "parameter's gradient is their mean over the examples. All derivatives of a step are taken at the "
    "parameters that the forward pass used. The derivative of ReLU at 0 is 0."
)


def names_document(names: Names) -> dict[str, object]:
    """Return what everything is called."""
    return {
        "style": "article" if names.article else "positions",
        "inputs": list(names.inputs),
        "targets": list(names.targets),
        "layers": [
            {"sums": list(sums), "outputs": list(outputs)}
            for sums, outputs in zip(names.sums, names.outputs, strict=True)
        ],
    }


def stages_document(done: Differentiated, names: Names) -> list[dict[str, object]]:
    """Return every value and derivative by layer and unit, as lists over the examples.

    First the inputs, then sums and outputs of each layer. `slopes` and the outputs' `derivatives` are null
    under softmax, which is differentiated together with the loss.
    """
    inputs: dict[str, object] = {
        "kind": "inputs",
        "layer": None,
        "function": None,
        "units": [
            {
                "name": names.inputs[i],
                "id": names.input_ids[i],
                "values": _across([v.inputs[0] for v in done.values], i),
            }
            for i in range(done.network.sizes[0])
        ],
    }
    stages = [inputs]
    for l, layer in enumerate(done.network.layers):
        sums: list[object] = []
        outputs: list[object] = []
        for j in range(layer.outputs):
            sums.append(
                {
                    "name": names.sums[l][j],
                    "id": names.sum_ids[l][j],
                    "values": _across([v.sums[l] for v in done.values], j),
                    "slopes": _across([d.slopes[l] for d in done.derivatives], j),
                    "derivatives": _across([d.sums[l] for d in done.derivatives], j),
                }
            )
            outputs.append(
                {
                    "name": names.outputs[l][j],
                    "id": names.output_ids[l][j],
                    "values": _across([v.outputs[l] for v in done.values], j),
                    "derivatives": _across([d.outputs[l] for d in done.derivatives], j),
                }
            )
        stages.append({"kind": "sums", "layer": l, "function": None, "units": sums})
        stages.append({"kind": "outputs", "layer": l, "function": layer.activation, "units": outputs})
    return stages


def parameters_document(
    done: Differentiated, names: Names, learning_rate: Number, after: TracedNetwork
) -> list[dict[str, object]]:
    """Return every parameter's value before the step, gradient, change, and value after it."""
    return [
        {
            "name": names.name(parameter),
            "symbol": names.symbol(parameter),
            "id": names.id(parameter),
            "layer": parameter.layer,
            "kind": "bias" if parameter.source is None else "weight",
            "from": _source(names, parameter),
            "to": names.sums[parameter.layer][parameter.target],
            "before": written(parameter.value(done.network)),
            "gradient": written(parameter.gradient(done)),
            "change": written(-learning_rate * parameter.gradient(done)),
            "after": written(parameter.value(after)),
        }
        for parameter in all_parameters(done.network)
    ]


def _source(names: Names, parameter: Parameter) -> str | None:
    return None if parameter.source is None else names.inputs_of(parameter.layer)[parameter.source]


def _across(rows: list[Row], unit: int) -> list[dict[str, object]] | None:
    """Return one unit's numbers over the examples; None where there are none, as under softmax."""
    return [written(row[unit]) for row in rows] if rows[0] else None
