"""Weights are stored as safetensors, and written anew for readers of other formats."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from service.inference.trained import StoredWeights
from service.planning.measurements import json_number

MEDIA_TYPES = {
    "safetensors": "application/octet-stream",
    "npz": "application/octet-stream",
    "onnx": "application/octet-stream",
    "json": "application/json",
}


def written(weights: StoredWeights, form: str) -> bytes:
    """The weights in one of the formats of MEDIA_TYPES.

    Raises:
        Conflict: a run over a function has no network to be written as ONNX.
    """
    return _WRITERS[form](weights)


def as_safetensors(content: bytes, metadata: Mapping[str, str]) -> bytes:
    """The stored tensors, with metadata that say where they come from."""
    return save(load(content), metadata=dict(metadata))


def as_npz(content: bytes) -> bytes:
    """A NumPy archive with one array per tensor; `numpy.load` reads it without pickle."""
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **load(content))
    return archive.getvalue()


def as_json(content: bytes) -> bytes:
    """`{"layers.0.weight": {"dtype", "shape", "data": nested lists}}`, with numbers that read back equal."""
    tensors = {
        name: {"dtype": str(tensor.dtype), "shape": list(tensor.shape), "data": _nested(tensor)}
        for name, tensor in load(content).items()
    }
    return json.dumps(tensors, separators=(",", ":"), allow_nan=False).encode()


def _as_onnx(weights: StoredWeights) -> bytes:
    from service.inference.onnx_export.model import as_onnx

    return as_onnx(weights.network)


_WRITERS: Mapping[str, Callable[[StoredWeights], bytes]] = {
    "safetensors": lambda weights: as_safetensors(weights.content, weights.origin.metadata()),
    "npz": lambda weights: as_npz(weights.content),
    "onnx": _as_onnx,
    "json": lambda weights: as_json(weights.content),
}


def _nested(tensor: NDArray[Any]) -> Any:
    # A float32 is exact as a float64, so its shortest float64 text reads back to the same bits.
    if np.isfinite(tensor).all():
        return tensor.tolist()
    return _with_words(tensor.tolist())


def _with_words(values: Any) -> Any:
    if isinstance(values, list):
        return [_with_words(value) for value in values]
    return json_number(values)
