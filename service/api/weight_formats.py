"""Weights are stored as safetensors, and written anew for readers of other formats."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from service.planning.measurements import json_number

MEDIA_TYPES = {
    "safetensors": "application/octet-stream",
    "npz": "application/octet-stream",
    "json": "application/json",
}


def as_safetensors(content: bytes) -> bytes:
    """The stored bytes."""
    return content


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


def _nested(tensor: NDArray[Any]) -> Any:
    # A float32 is exact as a float64, so its shortest float64 text reads back to the same bits.
    if np.isfinite(tensor).all():
        return tensor.tolist()
    return _with_words(tensor.tolist())


def _with_words(values: Any) -> Any:
    if isinstance(values, list):
        return [_with_words(value) for value in values]
    return json_number(values)
