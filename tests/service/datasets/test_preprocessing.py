"""Fitted numbers are those of the published formulas, and of scikit-learn's scalers and imputers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.datasets import builtin, csv_text, preprocessing
from service.datasets.features import MAX_CATEGORIES, Scale
from service.datasets.preprocessing import Preprocessing
from service.datasets.table import Table
from service.datasets.targets import Task
from service.errors import InvalidSubmission


def fitted(
    table: Table,
    *,
    target: str | list[str] | None = None,
    features: list[str] | None = None,
    task: Task | None = None,
    scale: Scale = "standardize",
    rows: int | None = None,
) -> Preprocessing:
    outside_test = np.arange(table.rows if rows is None else rows, dtype=np.int64)
    return preprocessing.fit(
        table, target=target, features=features, task=task, scale=scale, rows_outside_test=outside_test
    )


def read(text: str) -> Table:
    return csv_text.read(text.replace(" ", "\n"), name="t")


def faults_of(text: str, **arguments: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSubmission) as caught:
        fitted(read(text), **arguments)  # type: ignore[arg-type]
    return [(fault.path, fault.message) for fault in caught.value.faults]


def test_standardizing_iris_gives_what_scikit_learn_gives() -> None:
    examples = fitted(builtin.load("iris")).transform(builtin.load("iris"))
    # StandardScaler().fit_transform(load_iris().data), rows 0 and 149, scikit-learn 1.9.1
    first = [-0.9006811702978099, 1.0190043519716065, -1.3402265266227635, -1.3154442950077407]
    last = [0.06866179325140129, -0.1319794793216258, 0.7627582691805523, 0.7906706536370729]
    np.testing.assert_allclose(examples.inputs[[0, 149]], [first, last], rtol=1e-12)
    assert (examples.task, examples.outputs, examples.targets[[0, 50, 100]].tolist()) == (
        "classification",
        3,
        [0, 1, 2],
    )


def test_minmax_of_iris_gives_what_scikit_learn_gives() -> None:
    inputs = fitted(builtin.load("iris"), scale="minmax").inputs(builtin.load("iris"))
    np.testing.assert_allclose(
        inputs[0], [0.2222222222222221, 0.625, 0.06779661016949151, 0.04166666666666667]
    )
    assert (inputs.min(), inputs.max()) == (0.0, 1.0)


def test_without_scaling_the_numbers_stay() -> None:
    assert fitted(builtin.load("iris"), scale="none").inputs(builtin.load("iris"))[0].tolist() == [
        5.1,
        3.5,
        1.4,
        0.2,
    ]


def test_only_the_rows_outside_the_test_set_are_looked_at() -> None:
    table = read("a,b,y 0,u,0 10,u,1 1000,v,0")
    fit = fitted(table, scale="minmax", rows=2)
    # 1000 did not make the range, and v makes no input; u is constant over the fitted rows.
    assert fit.input_names == ("a", "b = u")
    assert fit.inputs(table).tolist() == [[0, 0], [1, 0], [100, 0]]
    assert fit.constant_features == ("b",)


def test_missing_numbers_become_the_median_and_are_flagged() -> None:
    # SimpleImputer(strategy="median", add_indicator=True) in scikit-learn 1.9.1, its columns in our order
    table = read("a,b,y 1,,0 2,5,1 NA,7,0 10,7,1")
    fit = fitted(table, scale="none")
    assert fit.input_names == ("a", "a is missing", "b", "b is missing")
    assert fit.inputs(table).tolist() == [[1, 0, 7, 1], [2, 0, 5, 0], [2, 1, 7, 0], [10, 0, 7, 0]]
    assert fit.imputed_features == ("a", "b")


def test_text_is_one_hot_with_the_most_frequent_for_missing() -> None:
    table = read("c,y red,0 blue,1 blue,0 ,1")
    fit = fitted(table)
    assert fit.input_names == ("c = blue", "c = red", "c is missing")
    assert fit.inputs(table).tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 1]]


def test_a_category_that_was_not_fitted_is_zero_everywhere() -> None:
    fit = fitted(read("c,y red,0 blue,1"))
    assert fit.inputs(read("c green blue")).tolist() == [[0, 0], [1, 0]]


def test_booleans_are_zero_and_one_whatever_the_scale() -> None:
    table = read("b,y true,0 false,1 true,0 ,1")
    for scale in ("standardize", "minmax", "none"):
        assert fitted(table, scale=scale).inputs(table).tolist() == [[1, 0], [0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize("scale", ["standardize", "minmax", "none"])
def test_constant_columns_become_zero_and_are_flagged(scale: Scale) -> None:
    table = read("a,b,y 0.1,1,0 0.1,2,1 0.1,3,0")
    fit = fitted(table, scale=scale)
    assert fit.inputs(table)[:, 0].tolist() == [0, 0, 0]
    assert fit.constant_features == ("a",)


def test_a_column_without_any_value_is_constant() -> None:
    table = read("a,b,y ,1,0 ,2,1")
    assert fitted(table).constant_features == ("a",)
    assert fitted(table).inputs(table)[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("column", "task", "labels"),
    [
        ("b a b", "classification", ("a", "b")),
        ("true false true", "classification", (False, True)),
        ("10 9 10", "classification", (9, 10)),
        ("0.5 1 2", "regression", None),
        (" ".join(map(str, range(20))), "classification", tuple(range(20))),
        (" ".join(map(str, range(21))), "regression", None),
    ],
)
def test_the_task_follows_from_the_target(column: str, task: Task, labels: object) -> None:
    rows = " ".join(f"{row},{value}" for row, value in enumerate(column.split()))
    fit = fitted(read(f"x,y {rows}"))
    assert (fit.task, fit.labels) == (task, labels)


def test_the_task_can_be_asked_for() -> None:
    whole = "x,y 1,1 2,2 3,3"
    assert fitted(read(whole), task="regression").task == "regression"
    many = "x,y " + " ".join(f"{row},{row}" for row in range(50))
    assert len(fitted(read(many), task="classification").labels or ()) == 50


def test_classes_are_those_of_the_whole_table() -> None:
    table = read("x,y 1,b 2,c 3,a")
    fit = fitted(table, rows=2)
    assert fit.labels == ("a", "b", "c")
    assert fit.transform(table).targets.tolist() == [1, 2, 0]


def test_regression_targets_are_standardized_and_come_back_in_their_units() -> None:
    table = builtin.load("diabetes")
    fit = fitted(table)
    examples = fit.transform(table)
    assert examples.targets.shape == (442, 1)
    assert (examples.targets.mean(), examples.targets.std()) == pytest.approx((0, 1), abs=1e-12)
    # Efron et al. (2004): the mean of the response is 152.13
    assert round(fit.target.means[0], 2) == 152.13  # type: ignore[union-attr]
    original = fit.target.original(examples.targets)  # type: ignore[union-attr, arg-type]
    np.testing.assert_allclose(original[:3, 0], [151, 75, 141], rtol=1e-12)


def test_several_numeric_targets_make_one_regression() -> None:
    table = read("x,u,v 1,10,1 2,20,3 3,30,2")
    fit = fitted(table, target=["v", "u"])
    assert (fit.task, fit.outputs, fit.input_names) == ("regression", 2, ("x",))
    root = np.sqrt(1.5)
    np.testing.assert_allclose(
        fit.transform(table).targets, [[-root, -root], [root, 0], [0, root]], atol=1e-15
    )


def test_features_can_be_named_and_keep_their_order() -> None:
    fit = fitted(builtin.load("iris"), features=["petal_width_cm", "sepal_length_cm"])
    assert fit.input_names == ("petal_width_cm", "sepal_length_cm")


@pytest.mark.parametrize(
    ("text", "arguments", "path", "message"),
    [
        ("x,y 1,a 2,a", {}, "target", "'y' is 'a' in every row"),
        ("x,y 1,5.5 2,5.5", {}, "target", "nothing to learn"),
        ("x,y 1,a 2,", {}, "target", "missing in 1 rows (2)"),
        ("x,y 1,a 2,b", {"target": "z"}, "target", "no column 'z'"),
        ("x,y 1,a 2,b", {"task": "regression"}, "target", "a regression needs numbers"),
        ("x,y 1,1.5 2,2.5", {"task": "classification"}, "target", "'y' holds 1.5"),
        (
            "x,y,z 1,1,2 2,2,3",
            {"target": ["y", "z"], "task": "classification"},
            "target",
            "one target column",
        ),
        ("x,y,z 1,a,2 2,b,3", {"target": ["z", "y"]}, "target[1]", "'y' holds text values"),
        ("y a b", {}, "features", "no column beside the target"),
        ("x,y 1,a 2,b", {"features": ["x", "x"]}, "features[1]", "stands twice"),
        ("x,y 1,a 2,b", {"features": ["y"]}, "features[0]", "is the target"),
        ("x,y 1,a 2,b", {"features": ["w"]}, "features[0]", "no column 'w'"),
        ("x,y 1e308,a -1e308,b", {}, "features", "too large"),
    ],
)
def test_what_cannot_be_learned_is_refused_with_the_reason(
    text: str, arguments: dict[str, object], path: str, message: str
) -> None:
    ((where, what),) = faults_of(text, **arguments)
    assert where == path
    assert message in what


def test_every_column_at_fault_is_named_at_once() -> None:
    names = " ".join(f"n{row},m{row},{row % 2}" for row in range(MAX_CATEGORIES + 1))
    faults = faults_of(f"a,b,y {names}", features=["a", "b"])
    assert [path for path, _ in faults] == ["features", "features"]
    assert "257 different values" in faults[0][1]


def test_text_that_differs_in_every_row_is_a_feature_only_if_it_is_asked_for() -> None:
    rows = [f"n{row},{'u' if row % 3 else 'v'},{row % 7},{row % 2}" for row in range(30)]
    table = read("name,kind,x,y " + " ".join(rows))
    assert fitted(table).input_names == ("kind = u", "kind = v", "x")
    assert len(fitted(table, features=["name", "x"]).input_names) == 31
    assert "name = n0" in fitted(table, rows=19).input_names  # in a few rows texts differ by chance
    wide = " ".join(f"n{row // 2},{row},{row % 2}" for row in range(2 * MAX_CATEGORIES + 2))
    assert fitted(read(f"name,x,y {wide}")).input_names == ("x",)
    ((path, message),) = faults_of("name,y " + " ".join(f"n{row},{row % 2}" for row in range(30)))
    assert path == "features"
    assert "no column beside the target makes a feature" in message


def test_a_value_far_beyond_the_fitted_rows_is_refused_and_not_infinite() -> None:
    fit = fitted(read("x,y 1e-100,a 2e-100,b 3e-100,a"))
    with pytest.raises(InvalidSubmission, match="in row 1, too far from the fitted rows"):
        fit.inputs(read("x 1e300"))


def test_rows_of_another_kind_are_refused() -> None:
    with pytest.raises(InvalidSubmission, match="holds text values; the network was fitted on number values"):
        fitted(read("x,y 1,a 2,b")).inputs(read("x one"))


finite = st.floats(-1e6, 1e6)


@given(
    st.lists(st.tuples(finite | st.none(), st.sampled_from(["u", "v", ""]), finite), min_size=3, max_size=8),
    st.sampled_from(["standardize", "minmax", "none"]),
    st.sampled_from(["classes", "numbers"]),
)
def test_json_keeps_every_bit(rows: list[tuple[float | None, str, float]], scale: Scale, kind: str) -> None:
    lines = [
        f"{'' if a is None else repr(a)},{b},{'ab'[i % 2] if kind == 'classes' else repr(y)}"
        for i, (a, b, y) in enumerate(rows)
    ]
    table = csv_text.read("\n".join(["a,b,y", *lines]), name="t")
    try:
        fit = fitted(table, scale=scale)
    except InvalidSubmission:  # drawn targets may be constant
        return
    again = Preprocessing.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False)))
    assert again == fit
    assert again.inputs(table).tobytes() == fit.inputs(table).tobytes()
    assert again.transform(table).targets.tobytes() == fit.transform(table).targets.tobytes()


def test_a_database_that_turns_large_floats_into_whole_numbers_changes_nothing() -> None:
    fit = fitted(read("x,y 0,0.5 1e22,1.5 2e22,2.5"), scale="none")
    stored = fit.to_json()
    stored["features"][0]["fill"] = int(stored["features"][0]["fill"])
    assert isinstance(Preprocessing.from_json(stored).features[0].fill, float)
