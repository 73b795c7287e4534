"""A network's weights have one SHA-256, the same however the tensors are stored or ordered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np

from core.arrays import FloatArray
from core.errors import ShapeError


def weights_sha256(parameters: Mapping[str, FloatArray]) -> str:
    """Return the hexadecimal SHA-256 over the tensors in layer order, weight before bias.

    Each tensor contributes its name, NUL, its dtype (`<f4` or `<f8`), NUL, its shape (decimal numbers joined
    by commas, `64,10`), NUL, and its values as little-endian bytes in C order.
    """
    digest = hashlib.sha256()
    for name in layer_order(parameters):
        tensor = np.asarray(parameters[name])
        little_endian = tensor.astype(tensor.dtype.newbyteorder("<"), order="C", copy=False)
        shape = ",".join(str(extent) for extent in tensor.shape)
        header = f"{name}\0<f{tensor.dtype.itemsize}\0{shape}\0"
        digest.update(header.encode("ascii"))
        digest.update(little_endian.data if tensor.size else b"")
    return digest.hexdigest()


def layer_order(parameters: Mapping[str, FloatArray]) -> Iterator[str]:
    """Yield `layers.0.weight`, `layers.0.bias`, `layers.1.weight`, ... and refuse any other name."""
    names = [f"layers.{layer}.{part}" for layer in range(len(parameters) // 2) for part in ("weight", "bias")]
    if not names or set(names) != set(parameters):
        raise ShapeError(
            f"parameters are named {sorted(parameters)}; "
            "allowed: layers.0.weight, layers.0.bias and so on, without gaps"
        )
    yield from names
