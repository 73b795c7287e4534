"""ONNX Runtime gives an exported network's answers to 1e-5, from the raw columns."""

from __future__ import annotations

import json
from typing import Any, get_args

import numpy as np
import onnx
import pytest

from core.fields.choices import ACTIVATIONS
from service.datasets import builtin
from service.datasets.features import Scale
from service.datasets.table import Column, Table
from service.inference.onnx_export.model import as_onnx
from service.inference.predictions import ClassAnswers, NumberAnswers, answer
from service.inference.trained import TrainedNetwork
from tests.service.inference.networks import ORIGIN, asked, drawn_network, session
from tests.service.training import FEATURES, mixed_table

TOLERANCE = 1e-5


def agree(network: TrainedNetwork, table: Table) -> None:
    """The runtime's answers are ours."""
    ours, theirs = answer(network, table), asked(network, table)
    onnx.checker.check_model(onnx.load_from_string(as_onnx(network)), full_check=True)
    if isinstance(ours, NumberAnswers):
        assert set(theirs) == {"values"}
        deviations = np.array(network.preprocessing.target.deviations)  # type: ignore[union-attr]
        difference = np.abs(theirs["values"] - ours.values) / deviations
        assert difference.max() <= TOLERANCE
        return
    name = "probabilities" if ours.are_probabilities else "outputs"
    assert set(theirs) == {"label", name}
    np.testing.assert_allclose(theirs[name], ours.outputs, rtol=TOLERANCE, atol=TOLERANCE)
    clear = _clear(ours)
    assert clear.any()
    assert [theirs["label"][row] for row in np.flatnonzero(clear)] == [
        ours.labels[ours.chosen[row]] for row in np.flatnonzero(clear)
    ]


def _clear(ours: ClassAnswers) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Where the first class is ahead of the second by more than the tolerance."""
    ranked = np.sort(ours.outputs, axis=1)
    found: np.ndarray[Any, np.dtype[np.bool_]] = ranked[:, -1] - ranked[:, -2] > 2 * TOLERANCE
    return found


@pytest.mark.parametrize("name", builtin.names())
def test_every_built_in_dataset_is_answered_alike(name: str) -> None:
    table = builtin.load(name)
    agree(drawn_network(table), table)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_answered_alike(activation: str, dtype: str) -> None:
    table = builtin.load("iris")
    agree(drawn_network(table, activation=activation, dtype=dtype), table)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("output", [*ACTIVATIONS, "softmax"])
def test_every_output_activation_is_answered_alike(output: str, dtype: str) -> None:
    table = builtin.load("iris")
    loss = "cross_entropy" if output == "softmax" else "mse"
    agree(drawn_network(table, output_activation=output, loss=loss, dtype=dtype), table)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "cross_entropy", "binary_cross_entropy"])
def test_every_loss_is_answered_alike(loss: str) -> None:
    table = builtin.load("wine")
    agree(drawn_network(table, loss=loss), table)


@pytest.mark.parametrize("scale", get_args(Scale))
@pytest.mark.parametrize("target", ["kind", "yes", "count", ["one", "two"]], ids=str)
def test_texts_missing_values_constants_and_several_targets_are_answered_alike(
    target: Any, scale: str
) -> None:
    table = mixed_table()
    features = [name for name in FEATURES if name != target]
    # Fitted without the last row, whose town nobody has seen.
    fitted = range(table.rows - 1)
    # Unscaled numbers around 1,000 make float32 sums that are themselves no more exact than 1e-5.
    dtype = "float64" if scale == "none" else "float32"
    agree(
        drawn_network(table, target=target, features=features, scale=scale, fitted_rows=fitted, dtype=dtype),
        table,
    )


@pytest.mark.parametrize("target", ["kind", ["one", "two"]], ids=str)
def test_linear_networks_are_answered_alike(target: Any) -> None:
    table = mixed_table()
    agree(drawn_network(table, target=target, features=FEATURES, hidden_layers=[]), table)


@pytest.mark.parametrize("feature", FEATURES)
def test_a_single_column_of_any_kind_is_answered_alike(feature: str) -> None:
    table = mixed_table()
    agree(drawn_network(table, target="one", features=[feature]), table)


def test_one_row_is_answered_as_among_others() -> None:
    table = mixed_table()
    network = drawn_network(table, target="kind", features=FEATURES)
    values = tuple(cells[4:5] for cells in table.values)
    agree(network, Table("one", table.columns, values))


def test_an_empty_text_may_be_a_category_beside_missing_ones() -> None:
    texts = ("", "a", None, "b") * 5
    values = (texts, np.arange(20.0))
    table = Table("empty", (Column("t", "text"), Column("y", "number")), values)
    network = drawn_network(table, target="y")
    agree(network, table)
    metadata = session(as_onnx(network)).get_modelmeta().custom_metadata_map
    assert json.loads(metadata["missing_text"]) == {"t": "\x1a"}


def test_columns_may_be_called_as_outputs_and_constants_are() -> None:
    names = ("label", "probabilities", "layers.0.weight", "fill", "ü (µm)")
    draw = np.random.default_rng(1)
    numbers = [draw.normal(size=30) for _ in names]
    values: tuple[Any, ...] = (*numbers, tuple("ab"[row % 2] for row in range(30)))
    columns = (*(Column(name, "number") for name in names), Column("c", "text"))
    table = Table("names", columns, values)
    network = drawn_network(table)
    theirs = asked(network, table)
    assert list(theirs) == ["label_2", "probabilities_2"]
    ours = answer(network, table)
    assert isinstance(ours, ClassAnswers)
    np.testing.assert_allclose(theirs["probabilities_2"], ours.outputs, atol=TOLERANCE)


def test_the_model_says_what_it_takes_and_where_it_comes_from() -> None:
    table = mixed_table()
    runtime = session(as_onnx(drawn_network(table, target="yes", features=FEATURES)))
    assert {each.name: (each.type, each.shape) for each in runtime.get_inputs()} == {
        name: ("tensor(string)" if name in ("town", "word") else "tensor(double)", ["rows", 1])
        for name in FEATURES
    }
    assert {each.name: (each.type, each.shape) for each in runtime.get_outputs()} == {
        "label": ("tensor(bool)", ["rows"]),
        "probabilities": ("tensor(double)", ["rows", 2]),
    }
    metadata = runtime.get_modelmeta().custom_metadata_map
    assert metadata["run"] == "r_1"
    assert metadata["data_sha256"] == "b" * 64
    assert metadata["weights_sha256"] == "a" * 64
    assert metadata["numerics_version"] == str(ORIGIN["numerics_version"])
    assert json.loads(metadata["classes"]) == [False, True]
    assert json.loads(metadata["missing_text"]) == {"town": "", "word": ""}


def test_standard_operators_of_versions_that_are_read_widely_are_enough() -> None:
    model = onnx.load_from_string(as_onnx(drawn_network(mixed_table(), target="kind", features=FEATURES)))
    assert {(each.domain, each.version) for each in model.opset_import} == {("", 17), ("ai.onnx.ml", 3)}
    assert {node.domain for node in model.graph.node} <= {"", "ai.onnx.ml"}


def test_the_same_network_is_written_to_the_same_bytes() -> None:
    table = mixed_table()
    first, second = (
        as_onnx(drawn_network(table, target="kind", features=FEATURES, activation="gelu_tanh"))
        for _ in range(2)
    )
    assert first == second
