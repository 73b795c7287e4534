"""Paths as a document: how many there are for every parameter, and as many of them as a page can show."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from core.tracing.derivatives import Differentiated
from core.tracing.entries import Written
from core.tracing.functions import FUNCTIONS
from core.tracing.names import Names
from core.tracing.numbers import Number, unbounded_sum, written
from core.tracing.paths import Parameter, Path, all_parameters, count, paths

PATH_LIMIT = 64  # of each parameter and example, unless the caller says otherwise
LISTED_PATHS = 1_024  # of a whole document


def path_document(
    done: Differentiated, names: Names, limit: int, chosen: AbstractSet[Parameter] | None
) -> dict[str, object]:
    """Return the number of paths by layer, and the first paths of each `chosen` parameter (None: of all).

    Where all of a parameter's paths are listed, `sum` is the sum of their products, for each example and
    averaged over them: it equals `gradient`.
    """
    counts = [count(done.network, layer) for layer in range(len(done.network.layers))]
    left = LISTED_PATHS
    listed: list[dict[str, object]] = []
    for parameter in all_parameters(done.network):
        wanted = limit if chosen is None or parameter in chosen else 0
        each = min(wanted, left // len(done.examples), counts[parameter.layer])
        left -= each * len(done.examples)
        listed.append(_of_parameter(done, names, parameter, each, counts[parameter.layer]))
    return {
        "total": sum(
            counts[layer] * (done.network.layers[layer].inputs + 1) * done.network.layers[layer].outputs
            for layer in range(len(counts))
        ),
        "by_layer": [
            {
                "layer": layer,
                "paths_of_each_parameter": number,
                "formula": " * ".join(map(str, done.network.sizes[layer + 2 :])) or "1",
            }
            for layer, number in enumerate(counts)
        ],
        "parameters": listed,
    }


def _of_parameter(
    done: Differentiated, names: Names, parameter: Parameter, each: int, number: int
) -> dict[str, object]:
    complete = each == number
    sums: list[Number] = []
    examples: list[dict[str, object]] = []
    for example in range(len(done.examples) if each else 0):
        found = list(itertools.islice(paths(done, parameter, example), each))
        if complete:
            sums.append(unbounded_sum([path.product for path in found]))
        examples.append(
            {
                "paths": [_written_path(done, names, parameter, path) for path in found],
                "sum": written(sums[-1]) if complete else None,
            }
        )
    return {
        "name": names.name(parameter),
        "id": names.id(parameter),
        "count": number,
        "listed": each,
        "complete": complete,
        "examples": examples,
        "sum": written(unbounded_sum(sums) / len(sums)) if complete else None,
        "gradient": written(parameter.gradient(done)),
    }


def _written_path(done: Differentiated, names: Names, parameter: Parameter, path: Path) -> dict[str, object]:
    labels = list(_labels(done, names, parameter, path))
    factors: list[dict[str, object]] = [
        {"name": name, "formula": formula, "value": written(value)}
        for (name, formula), value in zip(labels, path.factors, strict=True)
    ]
    product: Written = written(path.product)
    return {
        "nodes": [names.name(parameter), *_nodes(names, parameter, path), "E"],
        "factors": factors,
        "product": product,
    }


def _nodes(names: Names, parameter: Parameter, path: Path) -> Iterator[str]:
    for layer, unit in enumerate(path.units, parameter.layer):
        yield names.sums[layer][unit]
        yield names.outputs[layer][unit]


def _labels(
    done: Differentiated, names: Names, parameter: Parameter, path: Path
) -> Iterator[tuple[str, str]]:
    """Return what each factor is called, and the formula that it is the value of."""
    network, last = done.network, len(done.network.layers) - 1
    first = names.sums[parameter.layer][parameter.target]
    source = parameter.source
    own_input = "1" if source is None else names.inputs_of(parameter.layer)[source]
    yield f"d{first}/d{names.symbol(parameter)}", own_input
    for layer, unit in enumerate(path.units, parameter.layer):
        own_sum, output = names.sums[layer][unit], names.outputs[layer][unit]
        activation = network.layers[layer].activation
        if activation in FUNCTIONS:
            formula = FUNCTIONS[activation].slope_formula.format(x=own_sum, y=output)
            yield f"d{output}/d{own_sum}", formula
        if layer < last:
            following = path.units[layer + 1 - parameter.layer]
            weight = names.symbol(Parameter(layer + 1, unit, following))
            yield f"d{names.sums[layer + 1][following]}/d{output}", weight
        elif network.loss == "mse":
            target = names.targets[unit]
            yield names.derivative(output), f"2 * ({output} - {target}) / {network.sizes[-1]}"
        else:
            yield names.derivative(own_sum), f"{output} - {names.targets[unit]}"
