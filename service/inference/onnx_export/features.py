"""The fitted preprocessing as part of a graph: raw columns in, the network's inputs out.

Numbers and booleans go through it side by side, texts one by one; a last step puts all into the order of the
network's inputs. It is computed in float64, as it is at training.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.datasets.features import NumberFeature, TextFeature
from service.datasets.preprocessing import Preprocessing
from service.inference.onnx_export.graph import ML, Graph

FLOAT64 = np.dtype(np.float64)
TEXT = np.dtype(np.str_)
MISSING = ""  # among texts, unless that is a category of its own
MISSING_BESIDE_EMPTY = "\x1a"  # then this: no dataset can hold it

_NUMBER = "A number; NaN where it is missing."
_BOOLEAN = "1 for true, 0 for false, NaN where it is missing."
_TEXT = "Text, composed (NFC) and without spaces around it; {missing!r} where it is missing."


def missing_text(feature: TextFeature) -> str:
    """How a missing value of this column is spelled."""
    return MISSING_BESIDE_EMPTY if feature.knows_the_empty_text else MISSING


def add_features(graph: Graph, preprocessing: Preprocessing) -> str:
    """Add the columns as inputs, and what becomes of them; the tensor (rows, inputs)."""
    for feature in preprocessing.features:
        _take(graph, feature)
    numbers = [each for each in preprocessing.features if isinstance(each, NumberFeature)]
    texts = [each for each in preprocessing.features if isinstance(each, TextFeature)]
    blocks: list[str] = []
    order: dict[str, list[int]] = {}  # of each column's inputs, where they stand in the blocks side by side
    width = 0
    if numbers:
        scaled, flags = _numbers(graph, numbers)
        blocks += [scaled, flags]
        for place, feature in enumerate(numbers):
            places = [place, len(numbers) + place]
            order[feature.column] = places if feature.indicator else places[:1]
        width = 2 * len(numbers)
    for text in texts:
        blocks += _text(graph, text)
        count = len(text.categories)
        order[text.column] = list(range(width, width + count + text.indicator))
        width += count + 1
    together = blocks[0] if len(blocks) == 1 else graph.node("Concat", *blocks, axis=1)
    wanted = [place for feature in preprocessing.features for place in order[feature.column]]
    return graph.node("Gather", together, graph.constant("order", np.array(wanted, np.int64)), axis=1)


def _take(graph: Graph, feature: NumberFeature | TextFeature) -> None:
    if isinstance(feature, TextFeature):
        graph.take(feature.column, TEXT, _TEXT.format(missing=missing_text(feature)))
    else:
        graph.take(feature.column, FLOAT64, _BOOLEAN if feature.kind == "boolean" else _NUMBER)


def _numbers(graph: Graph, features: Sequence[NumberFeature]) -> tuple[str, str]:
    """(value - center) / scale, and whether the value was missing: (rows, features) both."""

    def row(name: str) -> str:
        return graph.constant(name, np.array([[getattr(each, name) for each in features]]))

    columns = [feature.column for feature in features]
    raw = columns[0] if len(columns) == 1 else graph.node("Concat", *columns, axis=1)
    missing = graph.node("IsNaN", raw)
    filled = graph.node("Where", missing, row("fill"), raw)
    scaled = graph.node("Div", graph.node("Sub", filled, row("center")), row("scale"))
    if any(feature.constant for feature in features):
        scaled = graph.node("Where", row("constant"), graph.constant("zero", np.array([[0.0]])), scaled)
    return scaled, graph.cast(missing, FLOAT64)


def _text(graph: Graph, feature: TextFeature) -> tuple[str, str]:
    """One of each category (rows, categories), and whether the value was missing (rows, 1)."""
    categories, missing = list(feature.categories), missing_text(feature)
    codes = {category: place for place, category in enumerate(categories)}
    # A fill that is no category (where there is none at all) is 0 in all, as an unseen one is.
    codes |= {missing: codes.get(feature.fill, -1)}
    code = graph.node(
        "LabelEncoder",
        feature.column,
        domain=ML,
        keys_strings=list(codes),
        values_int64s=list(codes.values()),
        default_int64=-1,
    )
    known = graph.constant("codes", np.arange(len(categories), dtype=np.int64)[None])
    one_hot = graph.cast(graph.node("Equal", code, known), FLOAT64)
    if feature.constant:
        one_hot = graph.node("Mul", one_hot, graph.constant("zero", np.array([[0.0]])))
    flag = graph.node(
        "LabelEncoder",
        feature.column,
        domain=ML,
        keys_strings=[missing],
        values_int64s=[1],
        default_int64=0,
    )
    return one_hot, graph.cast(flag, FLOAT64)
