"""What a trace is asked for comes from outside: it is read here once, and every fault in it is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.arrays import FloatArray
from core.configuration import Configuration
from core.errors import ConfigurationError, FieldFault
from core.tracing.functions import FUNCTIONS
from core.tracing.network import LOSSES, Row, TracedLayer, TracedNetwork
from core.tracing.numbers import ALLOWED, read, shortened

MAX_LAYERS = 8
MAX_UNITS = 64  # of each layer, inputs included
MAX_PARAMETERS = 4_096

LAYER_FIELDS = ("weights", "biases", "activation")


def read_network(layers: object, *, loss: str = "mse") -> TracedNetwork:
    """Read layers of the form {"weights": [[...], ...], "biases": [...], "activation": "relu"}.

    `weights` has a row for every input, with a number for every output; `biases` default to 0, `activation`
    to identity. The last activation is softmax if and only if the loss is cross_entropy: they are fused.

    Raises: ConfigurationError naming every fault.
    """
    found = Faults()
    if loss not in LOSSES:
        found.add("loss", f"{shortened(loss)} is not a loss that is traced", loss, ", ".join(LOSSES))
    given = found.items("layers", layers, 1, MAX_LAYERS, "layers")
    read_layers = [_read_layer(f"layers.{place}", layer, found) for place, layer in enumerate(given)]
    found.end()
    whole = tuple(layer for layer in read_layers if layer is not None)
    _check_together(whole, loss, found)
    found.end()
    return TracedNetwork(whole, loss)


def network_of_run(configuration: Configuration, parameters: Mapping[str, FloatArray]) -> TracedNetwork:
    """Read a run's network from its tensors, `layers.0.weight` (inputs, outputs), `layers.0.bias` and on.

    What a run adds to plain gradient descent (penalties, dropout, optimizer state) is no part of a trace.

    Raises: ConfigurationError if the network is too large to be traced, or its loss is not traced.
    """
    last = len(configuration.hidden_layers)
    layers = [
        {
            # Training may arrive at -0.0, which only in what people write is likely to be a slip.
            "weights": parameters[f"layers.{layer}.weight"] + 0.0,
            "biases": parameters[f"layers.{layer}.bias"] + 0.0,
            "activation": configuration.output_activation if layer == last else configuration.activation,
        }
        for layer in range(last + 1)
    ]
    return read_network(layers, loss=configuration.loss)


@dataclass
class Faults:
    """The faults found so far."""

    found: list[FieldFault] = field(default_factory=list)

    def add(self, name: str, message: str, value: object, allowed: str) -> None:
        """Note one."""
        self.found.append(FieldFault(name, message, value, allowed))

    def end(self) -> None:
        """Raise ConfigurationError if there are any."""
        if self.found:
            raise ConfigurationError(tuple(self.found))

    def items(self, name: str, values: object, least: int, most: int, what: str) -> list[object]:
        """Return the items of a list, none with a fault noted if it is no list or of another length."""
        allowed = f"{least} {what}" if least == most else f"{least} to {most} {what}"
        if not isinstance(values, (list, tuple, np.ndarray)) or (
            isinstance(values, np.ndarray) and not values.ndim
        ):
            self.add(name, f"{shortened(values)} is not a list", values, f"a list of {allowed}")
            return []
        if not least <= len(values) <= most:
            self.add(name, f"there are {len(values)} {what}", len(values), allowed)
            return []
        return list(values)  # of an array: NumPy's scalars, so that float32 is read by its own decimals

    def row(self, name: str, values: object, least: int, most: int) -> Row:
        """Return a list of numbers, with every fault in it noted."""
        numbers = []
        for place, value in enumerate(self.items(name, values, least, most, "numbers")):
            try:
                numbers.append(read(value))
            except ValueError as error:
                self.add(f"{name}.{place}", str(error), value, ALLOWED)
        return tuple(numbers)

    def whole_number(self, name: str, value: object, least: int, most: int) -> int:
        """Return a whole number, `least` with a fault noted if it is none or out of range."""
        if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
            self.add(name, f"{shortened(value)} is not a whole number", value, f"{least} to {most}")
            return least
        if not least <= value <= most:
            self.add(name, f"{shortened(value)} is out of range", value, f"{least} to {most}")
            return least
        return int(value)


def _read_layer(name: str, layer: object, found: Faults) -> TracedLayer | None:
    if not isinstance(layer, Mapping):
        found.add(name, f"{shortened(layer)} is not a layer", layer, ", ".join(LAYER_FIELDS))
        return None
    for key in layer:
        if key not in LAYER_FIELDS:
            found.add(f"{name}.{key}", f"a layer has no {key!r}", layer[key], ", ".join(LAYER_FIELDS))
    activation = layer.get("activation", "identity")
    if not isinstance(activation, str) or (activation not in FUNCTIONS and activation != "softmax"):
        allowed = ", ".join((*FUNCTIONS, "softmax"))
        message = f"{shortened(activation)} is not an activation"
        found.add(f"{name}.activation", message, activation, allowed)
    given = found.items(f"{name}.weights", layer.get("weights"), 1, MAX_UNITS, "rows, one for each input")
    if not given:
        return None
    first = given[0]
    width = len(first) if isinstance(first, (list, tuple, np.ndarray)) else 0
    least, most = (width, width) if 1 <= width <= MAX_UNITS else (1, MAX_UNITS)
    weights = [found.row(f"{name}.weights.{place}", row, least, most) for place, row in enumerate(given)]
    biases = layer.get("biases")
    zeros = [0] * width
    return TracedLayer(
        tuple(weights),
        found.row(f"{name}.biases", zeros if biases is None else biases, least, most),
        activation,
    )


def _check_together(layers: tuple[TracedLayer, ...], loss: str, found: Faults) -> None:
    """Note what is wrong with layers that are each sound: their sizes, their number, where softmax stands."""
    for place in range(1, len(layers)):
        inputs, outputs = layers[place].inputs, layers[place - 1].outputs
        if inputs != outputs:
            message = f"there are {inputs} rows, and the layer before has {outputs} outputs"
            found.add(f"layers.{place}.weights", message, inputs, f"{outputs} rows, one for each input")
    for place, layer in enumerate(layers):
        wanted = place == len(layers) - 1 and loss == "cross_entropy"
        if (layer.activation == "softmax") != wanted:
            message = f"{layer.activation} does not stand here with the loss {loss}"
            allowed = "softmax" if wanted else ", ".join(FUNCTIONS)
            found.add(f"layers.{place}.activation", message, layer.activation, allowed)
    count = sum((layer.inputs + 1) * layer.outputs for layer in layers)
    if count > MAX_PARAMETERS:
        found.add("layers", f"there are {count} parameters", count, f"at most {MAX_PARAMETERS} parameters")
