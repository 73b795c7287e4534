"""The hash of weights is defined byte by byte."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest

from core.errors import ShapeError
from core.hashing import weights_sha256


def test_the_hash_is_over_name_type_shape_and_little_endian_values_in_layer_order() -> None:
    expected = (
        b"layers.0.weight\0<f4\x002,1\0"
        + struct.pack("<2f", 0.5, -1.0)
        + b"layers.0.bias\0<f4\x001\0"
        + struct.pack("<f", 3.0)
    )
    parameters = {
        "layers.0.bias": np.array([3.0], np.float32),  # the order of the mapping does not count
        "layers.0.weight": np.array([[0.5], [-1.0]], np.float32),
    }
    assert weights_sha256(parameters) == hashlib.sha256(expected).hexdigest()


def test_neither_memory_order_nor_byte_order_counts() -> None:
    weight = np.arange(6.0).reshape(2, 3)
    bias = np.zeros(3)
    plain = weights_sha256({"layers.0.weight": weight, "layers.0.bias": bias})
    fortran = weights_sha256({"layers.0.weight": np.asfortranarray(weight), "layers.0.bias": bias})
    big = weights_sha256({"layers.0.weight": weight.astype(">f8"), "layers.0.bias": bias})
    assert plain == fortran == big


def test_the_type_counts() -> None:
    both = [
        {"layers.0.weight": np.zeros((1, 1), dtype), "layers.0.bias": np.zeros(1, dtype)}
        for dtype in (np.float32, np.float64)
    ]
    assert weights_sha256(both[0]) != weights_sha256(both[1])


def test_eleven_layers_are_hashed_in_the_order_of_their_numbers() -> None:
    parameters = {}
    expected = hashlib.sha256()
    for layer in range(11):
        for part, shape in (("weight", (1, 1)), ("bias", (1,))):
            parameters[f"layers.{layer}.{part}"] = np.full(shape, float(layer))
            text = ",".join(map(str, shape))
            expected.update(f"layers.{layer}.{part}\0<f8\0{text}\0".encode() + struct.pack("<d", layer))
    assert weights_sha256(parameters) == expected.hexdigest()


def test_a_tensor_with_another_name_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"layers\.0\.weight"):
        weights_sha256({"weight": np.zeros((1, 1)), "bias": np.zeros(1)})
