"""Networks with drawn weights behind a fitted preprocessing, and ONNX Runtime to ask what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from core.configuration import resolve
from core.network import layer_sizes
from core.version import NUMERICS_VERSION
from service.datasets import preprocessing
from service.datasets.table import Table
from service.inference.onnx_export.model import as_onnx
from service.inference.trained import Origin, TrainedNetwork

ORIGIN: dict[str, Any] = {
    "run": "r_1",
    "sweep": "s_1",
    "sweep_name": "a sweep",
    "seed": 3,
    "which": "final",
    "epoch": 7,
    "weights_sha256": "a" * 64,
    "subject": "a table",
    "data_sha256": "b" * 64,
    "numerics_version": NUMERICS_VERSION,
}


def drawn_network(
    table: Table,
    *,
    target: str | Sequence[str] | None = None,
    features: Sequence[str] | None = None,
    scale: Any = "standardize",
    fitted_rows: Sequence[int] | None = None,
    **settings: Any,
) -> TrainedNetwork:
    """A network over this table whose weights are drawn and not trained."""
    rows = np.arange(table.rows) if fitted_rows is None else np.array(fitted_rows)
    fitted = preprocessing.fit(
        table, target=target, features=features, task=None, scale=scale, rows_outside_test=rows
    )
    configuration = resolve({"hidden_layers": [6, 5], **settings}, task=fitted.task)
    draw = np.random.default_rng(5)
    sizes = layer_sizes(configuration, len(fitted.input_names), fitted.outputs)
    parameters: dict[str, NDArray[Any]] = {}
    for layer, (inputs, outputs) in enumerate(pairwise(sizes)):
        dtype = configuration.dtype
        weights = draw.normal(0, 1 / np.sqrt(inputs), (inputs, outputs))
        parameters[f"layers.{layer}.weight"] = weights.astype(dtype)
        parameters[f"layers.{layer}.bias"] = draw.normal(0, 0.3, outputs).astype(dtype)
    origin = Origin(**ORIGIN, task=fitted.task, configuration=settings)
    return TrainedNetwork(configuration, parameters, fitted, table.columns, origin)


def session(model: bytes) -> onnxruntime.InferenceSession:
    """ONNX Runtime with this model, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def fed(table: Table, names: Sequence[str], missing_text: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Raw columns as the model takes them."""
    found: dict[str, NDArray[Any]] = {}
    for name in names:
        column, values = table.column(name, path="")
        if column.kind == "text":
            texts = [missing_text[name] if value is None else value for value in values]
            found[name] = np.array(texts, dtype=object)[:, None]
        else:
            numbers = [np.nan if value is None else float(value) for value in values]
            found[name] = np.array(numbers, dtype=np.float64)[:, None]
    return found


def asked(network: TrainedNetwork, table: Table) -> dict[str, Any]:
    """What ONNX Runtime says of this network's rows, by output."""
    import json

    runtime = session(as_onnx(network))
    metadata = runtime.get_modelmeta().custom_metadata_map
    names = [each.name for each in runtime.get_inputs()]
    answers = runtime.run(None, fed(table, names, json.loads(metadata["missing_text"])))
    return dict(zip([each.name for each in runtime.get_outputs()], answers, strict=True))
