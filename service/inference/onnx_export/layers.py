"""Fully connected layers and their activations as nodes, by the formulas of the core."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core.activations import GELU_CUBIC, GELU_SCALE, LEAKY_SLOPE
from core.fields import FUSED
from service.inference.onnx_export.graph import Graph
from service.inference.trained import TrainedNetwork


def add_layers(graph: Graph, network: TrainedNetwork, inputs: str) -> str:
    """Add the network behind its inputs; its outputs (rows, outputs), logits where the loss takes them.

    It computes in the type that it was trained in.
    """
    configuration = network.configuration
    dtype = np.dtype(configuration.dtype)
    values = graph.cast(inputs, dtype)
    last = len(configuration.hidden_layers)
    for layer in range(last + 1):
        tensors = [
            graph.constant(f"layers.{layer}.{part}", network.parameters[f"layers.{layer}.{part}"])
            for part in ("weight", "bias")
        ]
        values = graph.node("Gemm", values, *tensors)
        name = configuration.activation or "identity"
        if layer == last:
            name = "identity" if configuration.loss in FUSED else configuration.output_activation
        values = _ACTIVATIONS[name](_Numbers(graph, dtype), values)
    return values


class _Numbers:
    """A graph in which numbers may stand as operands.

    Activations are written out of simple nodes, because ONNX Runtime has not every one of them in float64.
    """

    def __init__(self, graph: Graph, dtype: np.dtype) -> None:
        self._graph = graph
        self._dtype = dtype

    def __call__(self, operator: str, *operands: str | float) -> str:
        named = [
            each
            if isinstance(each, str)
            else self._graph.constant("number", np.array(each, dtype=self._dtype))
            for each in operands
        ]
        return self._graph.node(operator, *named)


def _leaky_relu(n: _Numbers, x: str) -> str:
    return n("Max", x, n("Mul", x, LEAKY_SLOPE))


def _softsign(n: _Numbers, x: str) -> str:
    return n("Div", x, n("Add", n("Abs", x), 1.0))


def _elu(n: _Numbers, x: str) -> str:
    below = n("Sub", n("Exp", n("Min", x, 0.0)), 1.0)
    return n("Add", n("Max", x, 0.0), below)


def _gelu_tanh(n: _Numbers, x: str) -> str:
    cubic = n("Add", n("Mul", n("Mul", x, x), GELU_CUBIC), 1.0)
    t = n("Tanh", n("Mul", n("Mul", cubic, x), GELU_SCALE))
    return n("Mul", n("Mul", n("Add", t, 1.0), x), 0.5)


_ACTIVATIONS: Mapping[str, Callable[[_Numbers, str], str]] = {
    "identity": lambda _, x: x,
    "relu": lambda n, x: n("Relu", x),
    "leaky_relu": _leaky_relu,
    "tanh": lambda n, x: n("Tanh", x),
    "sigmoid": lambda n, x: n("Sigmoid", x),
    "softsign": _softsign,
    "elu": _elu,
    "gelu_tanh": _gelu_tanh,
}
