from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load, save

from service.api.weight_formats import as_json, as_npz, as_safetensors

TENSORS: dict[str, NDArray[Any]] = {
    "layers.0.weight": np.array([[0.1, -2.5e-8, 3.4028235e38], [1.0, -0.0, 1e-45]], dtype=np.float32),
    "layers.0.bias": np.array([np.pi, 1 / 3], dtype=np.float64),
}


def test_safetensors_are_the_stored_tensors_with_metadata() -> None:
    content = as_safetensors(save(TENSORS), {"run": "r_1"})
    again = load(content)
    assert {name: tensor.tobytes() for name, tensor in again.items()} == {
        name: tensor.tobytes() for name, tensor in TENSORS.items()
    }
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert header["__metadata__"] == {"run": "r_1"}


def test_the_same_weights_are_the_same_bytes_in_every_download() -> None:
    content, names = save(TENSORS), [f"name {number}" for number in range(12)]
    told = [dict.fromkeys(order, "é") for order in (names, names[::-1])]
    files = {as_safetensors(content, metadata) for metadata in told * 5}
    assert len(files) == 1
    assert len(set(map(as_npz, [content] * 30))) == 1
    assert len(set(map(as_json, [content] * 30))) == 1
    (file,) = files
    assert int.from_bytes(file[:8], "little") % 8 == 0


def test_an_archive_reads_back_bit_for_bit_without_pickle() -> None:
    with np.load(io.BytesIO(as_npz(save(TENSORS))), allow_pickle=False) as archive:
        assert set(archive.files) == set(TENSORS)
        for name, tensor in TENSORS.items():
            assert archive[name].dtype == tensor.dtype
            assert archive[name].tobytes() == tensor.tobytes()


def test_json_reads_back_bit_for_bit() -> None:
    document = json.loads(as_json(save(TENSORS)))
    for name, tensor in TENSORS.items():
        found = document[name]
        again = np.array(found["data"], dtype=found["dtype"]).reshape(found["shape"])
        assert again.tobytes() == tensor.tobytes()


def test_json_writes_what_is_not_finite_as_words() -> None:
    tensors = {"layers.0.bias": np.array([np.nan, np.inf, -np.inf, 0.5], dtype=np.float32)}
    assert json.loads(as_json(save(tensors)), parse_constant=pytest.fail)["layers.0.bias"]["data"] == [
        "NaN",
        "Infinity",
        "-Infinity",
        0.5,
    ]
