"""A trained network as one ONNX model: raw columns in, classes with probabilities or values out."""

from __future__ import annotations

import json

import numpy as np

from core.fields import CLASS_LOSSES
from service.datasets.features import TextFeature
from service.datasets.targets import ClassTarget, NumberTarget
from service.inference.onnx_export.features import add_features, missing_text
from service.inference.onnx_export.graph import ROWS, Graph
from service.inference.onnx_export.layers import add_layers
from service.inference.trained import TrainedNetwork

FLOAT64 = np.dtype(np.float64)


def as_onnx(network: TrainedNetwork) -> bytes:
    """The model as bytes.

    Each feature column is an input (rows, 1) of its own name: float64 for numbers and booleans, text for
    text. A classification has the outputs `label` (rows,) and `probabilities` (rows, classes), or `outputs`
    where its loss makes no probabilities; a regression has `values` (rows, targets), in the user's units.
    Where a column is called so itself, the output's name has a number behind it. The metadata say which run
    this is, and how a missing value is spelled.
    """
    origin, preprocessing = network.origin, network.preprocessing
    graph = Graph("backsweep")
    outputs = add_layers(graph, network, add_features(graph, preprocessing))
    metadata = origin.metadata()
    target = preprocessing.target
    if isinstance(target, ClassTarget):
        named = _add_classes(graph, network, target, outputs)
        metadata["classes"] = json.dumps(list(target.labels), ensure_ascii=False)
    else:
        named = _add_values(graph, target, outputs)
        metadata["targets"] = json.dumps(list(target.columns), ensure_ascii=False)
    metadata["outputs"] = json.dumps(named)
    metadata["missing_text"] = json.dumps(
        {each.column: missing_text(each) for each in preprocessing.features if isinstance(each, TextFeature)},
        ensure_ascii=False,
    )
    doc = (
        f"Run {origin.run} of the sweep {origin.sweep_name!r} over {origin.subject}, with its {origin.which} "
        "weights. A missing number is NaN; how a missing text is spelled stands in missing_text."
    )
    return bytes(graph.model(doc, metadata).SerializeToString(deterministic=True))


def _add_classes(graph: Graph, network: TrainedNetwork, target: ClassTarget, outputs: str) -> list[str]:
    loss, classes = network.configuration.loss, len(target.labels)
    labels = graph.constant("labels", np.array(target.labels))
    chosen = graph.node("ArgMax", outputs, axis=1, keepdims=0)
    kind = np.array(target.labels).dtype
    label = graph.give(graph.node("Gather", labels, chosen, axis=0), "label", kind, (ROWS,), "The class.")
    exact = graph.cast(outputs, FLOAT64)
    if loss == "cross_entropy":
        exact = graph.node("Softmax", exact, axis=1)
    elif loss == "binary_cross_entropy":
        exact = graph.node("Sigmoid", exact)
    name = "probabilities" if loss in CLASS_LOSSES else "outputs"
    doc = "By class, in the order of the metadata's classes."
    return [label, graph.give(exact, name, FLOAT64, (ROWS, classes), doc)]


def _add_values(graph: Graph, target: NumberTarget, outputs: str) -> list[str]:
    spread = graph.constant("deviations", np.array([target.deviations]))
    mean = graph.constant("means", np.array([target.means]))
    values = graph.node("Add", graph.node("Mul", graph.cast(outputs, FLOAT64), spread), mean)
    doc = "By target, in the order of the metadata's targets, in the user's units."
    return [graph.give(values, "values", FLOAT64, (ROWS, len(target.columns)), doc)]
