"""Weights are stored as safetensors and written anew for other readers, equal ones as equal bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

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
    """The stored tensors as they are, with metadata that say where they come from.

    Not by the library, which puts metadata in another order at each call.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size]) | {"__metadata__": dict(sorted(metadata.items()))}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at a multiple of eight bytes
    return len(text).to_bytes(8, "little") + text + content[8 + size :]


def as_npz(content: bytes) -> bytes:
    """A NumPy archive with one array per tensor; `numpy.load` reads it without pickle."""
    archive = io.BytesIO()
    np.savez(archive, allow_pickle=False, **_tensors(content))
    return archive.getvalue()


def as_json(content: bytes) -> bytes:
    """`{"layers.0.weight": {"dtype", "shape", "data": nested lists}}`, with numbers that read back equal."""
    tensors = {
        name: {"dtype": str(tensor.dtype), "shape": list(tensor.shape), "data": _nested(tensor)}
        for name, tensor in _tensors(content).items()
    }
    return json.dumps(tensors, separators=(",", ":"), allow_nan=False).encode()


def _tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """By name, in the order of names: `load` has another order at each call."""
    return dict(sorted(load(content).items()))


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
