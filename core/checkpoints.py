"""A checkpoint is bytes that describe themselves and carry their own SHA-256; loading one runs no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from core.arrays import FloatArray
from core.errors import DataError

MAGIC = b"backsweep checkpoint 1\n"
DIGEST_BYTES = 32
LENGTH_BYTES = 8


def encode(header: Mapping[str, Any], arrays: Mapping[str, FloatArray]) -> bytes:
    """Return magic, header length, header in JSON, little-endian arrays, and the SHA-256 of all of it."""
    tensors = {
        name: {"dtype": f"<f{array.dtype.itemsize}", "shape": array.shape} for name, array in arrays.items()
    }
    described = json.dumps({**header, "arrays": tensors}, separators=(",", ":"), allow_nan=False).encode()
    body = b"".join(
        array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).tobytes()
        for array in arrays.values()
    )
    content = MAGIC + len(described).to_bytes(LENGTH_BYTES, "little") + described + body
    return content + hashlib.sha256(content).digest()


def is_checkpoint(content: bytes) -> bool:
    """Tell whether bytes say of themselves that they are one."""
    return content.startswith(MAGIC)


def decode(checkpoint: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Return header and arrays.

    Raises: DataError if the bytes are no checkpoint, are cut short, or are not those that were written.
    """
    content, digest = checkpoint[:-DIGEST_BYTES], checkpoint[-DIGEST_BYTES:]
    if not content.startswith(MAGIC):
        raise DataError(f"a checkpoint begins with {MAGIC!r}, these {len(checkpoint)} bytes do not")
    if hashlib.sha256(content).digest() != digest:
        raise DataError(
            f"the checkpoint's SHA-256 does not match its {len(checkpoint)} bytes: they were changed or cut"
        )
    start = len(MAGIC) + LENGTH_BYTES
    stop = start + int.from_bytes(content[len(MAGIC) : start], "little")
    header: dict[str, Any] = json.loads(content[start:stop])
    arrays: dict[str, FloatArray] = {}
    for name, tensor in header.pop("arrays").items():
        dtype = np.dtype(tensor["dtype"])
        count = int(np.prod(tensor["shape"], dtype=np.int64))
        values = np.frombuffer(content, dtype, count, stop).reshape(tensor["shape"])
        arrays[name] = values.astype(dtype.newbyteorder("="))
        stop += count * dtype.itemsize
    return header, arrays
