"""The built-in tables are the published ones: counts and ranges are those that UCI and scikit-learn print."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from service.datasets import builtin
from service.datasets.generated import GENERATORS
from service.datasets.table import FloatArray, Table
from service.errors import InvalidSubmission


def numbers(table: Table, name: str) -> FloatArray:
    return np.asarray(table.column(name, path="")[1], dtype=np.float64)


@pytest.mark.parametrize(
    ("name", "rows", "features"),
    [
        ("digits", 1797, 64),
        ("iris", 150, 4),
        ("wine", 178, 13),
        ("breast_cancer", 569, 30),
        ("diabetes", 442, 10),
        ("xor", 400, 2),
        ("two_spirals", 194, 2),
        ("moons", 500, 2),
    ],
)
def test_every_table_has_its_published_size_and_nothing_missing(name: str, rows: int, features: int) -> None:
    table = builtin.load(name)
    assert (table.rows, len(table.columns)) == (rows, features + 1)
    for values in table.values:
        assert not np.isnan(values).any() if isinstance(values, np.ndarray) else None not in values


def test_every_table_knows_its_target_and_it_is_the_last_column() -> None:
    for name in builtin.names():
        assert builtin.BUILTINS[name].target == builtin.load(name).default_target


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("iris", {"setosa": 50, "versicolor": 50, "virginica": 50}),
        ("wine", {"class_0": 59, "class_1": 71, "class_2": 48}),
        ("breast_cancer", {"malignant": 212, "benign": 357}),
        ("xor", {0: 200, 1: 200}),
        ("two_spirals", {0: 97, 1: 97}),
        ("moons", {0: 250, 1: 250}),
        ("digits", dict(enumerate([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]))),
    ],
)
def test_classes_are_as_frequent_as_their_sources_say(name: str, counts: dict[object, int]) -> None:
    table = builtin.load(name)
    assert Counter(table.column(table.default_target, path="")[1]) == counts


@pytest.mark.parametrize(
    ("name", "column", "lowest", "highest"),
    [
        ("iris", "petal_length_cm", 1.0, 6.9),
        ("wine", "proline", 278, 1680),
        ("breast_cancer", "mean_radius", 6.981, 28.11),
        ("breast_cancer", "worst_fractal_dimension", 0.055, 0.2075),
        ("diabetes", "bmi", 18.0, 42.2),
        ("diabetes", "progression", 25, 346),
        ("digits", "pixel_0_0", 0, 0),
        ("digits", "pixel_3_4", 0, 16),
    ],
)
def test_values_span_the_published_ranges(name: str, column: str, lowest: float, highest: float) -> None:
    values = numbers(builtin.load(name), column)
    assert values.min() == pytest.approx(lowest, abs=5e-5)
    assert values.max() == highest


def test_diabetes_is_in_raw_units() -> None:
    table = builtin.load("diabetes")
    first = [float(numbers(table, column.name)[0]) for column in table.columns]
    assert first == [59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87, 151]


def test_an_unknown_name_is_a_fault_with_the_nearest_one_and_the_list() -> None:
    with pytest.raises(InvalidSubmission) as caught:
        builtin.load("digit")
    (fault,) = caught.value.faults
    assert fault.path == "dataset"
    assert "did you mean 'digits'" in fault.message
    assert fault.allowed == "digits, iris, wine, breast_cancer, diabetes, xor, two_spirals, moons"


@pytest.mark.parametrize("name", ["../builtin/iris", "iris.csv", "/etc/passwd", ""])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(InvalidSubmission):
        builtin.load(name)


def test_every_file_is_described_with_its_licence() -> None:
    folder = Path(builtin.__file__).parent / "builtin"
    described = (folder / "SOURCES.md").read_text(encoding="utf-8")
    assert {path.stem for path in folder.glob("*.csv")} | set(GENERATORS) == set(builtin.names())
    for name in builtin.names():
        assert (f"`{name}`" if name in GENERATORS else f"`{name}.csv`") in described
        assert builtin.load(name).licence
        assert builtin.load(name).source
