"""A submission and its table agree, or every disagreement is told at once."""

from __future__ import annotations

import numpy as np
import pytest

from service.datasets import builtin, csv_text
from service.datasets.preparation import prepare
from service.errors import InvalidSubmission
from service.planning.submission import parse


def faults_of(name: str, **document: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSubmission) as caught:
        prepare(builtin.load(name), parse({"dataset": name, **document}))
    return [(fault.path, fault.message) for fault in caught.value.faults]


@pytest.mark.parametrize("name", builtin.names())
def test_every_builtin_table_can_be_swept_as_it_is(name: str) -> None:
    preparation = prepare(builtin.load(name), parse({"dataset": name}))
    assert preparation.examples.rows == builtin.load(name).rows
    assert preparation.preprocessing.labels is None or preparation.examples.outputs == len(
        preparation.preprocessing.labels
    )


def test_preprocessing_is_fitted_on_the_rows_outside_the_test_set() -> None:
    preparation = prepare(builtin.load("diabetes"), parse({"dataset": "diabetes"}))
    outside = preparation.examples.inputs[preparation.split.rows_outside_test]
    np.testing.assert_allclose(outside.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(outside.std(axis=0), 1)
    assert not np.allclose(preparation.examples.inputs.mean(axis=0), 0, atol=1e-3)


def test_the_column_of_the_split_is_no_feature() -> None:
    table = csv_text.read("part,x,y\ntrain,1,a\ntrain,2,b\nvalidation,3,a\ntest,4,b\n", name="t")
    preparation = prepare(table, parse({"dataset": "t", "split": {"method": "column", "column": "part"}}))
    assert preparation.preprocessing.input_names == ("x",)


def test_faults_of_metric_rows_and_features_come_together() -> None:
    faults = faults_of(
        "diabetes",
        metric={"name": "val_accuracy"},
        split={"train": 0.8, "test": 0.2},
        features=["bmi", "bmx"],
    )
    assert [path for path, _ in faults] == ["metric.name", "split.validation", "features[1]"]
    assert "did you mean 'bmi'" in faults[2][1]


def test_train_metrics_need_no_validation_rows() -> None:
    document = {"dataset": "iris", "metric": {"name": "train_loss"}, "split": {"train": 0.8, "test": 0.2}}
    assert prepare(builtin.load("iris"), parse(document)).split.counts == (120, 0, 30)
