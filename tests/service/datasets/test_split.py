"""Every row has one place, the places are fixed by two seeds, and classes keep their shares."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.datasets import builtin, class_cover, csv_text, split, strata, targets
from service.datasets.split import SplitPlan
from service.datasets.table import Table
from service.errors import InvalidSubmission
from service.planning.split_settings import SplitSettings


def table_of(classes: list[str]) -> Table:
    return csv_text.read(
        "\n".join(["x,y", *(f"{row},{label}" for row, label in enumerate(classes))]), name="t"
    )


def planned(table: Table, **settings: object) -> SplitPlan:
    return split.plan(SplitSettings(**settings), table, targets.choose(table, None, None))  # type: ignore[arg-type]


def faults_of(table: Table, **settings: object) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSubmission) as caught:
        planned(table, **settings)
    return [(fault.path, fault.message) for fault in caught.value.faults]


TEN = table_of(list("abababaaab"))


def test_the_default_is_70_15_15_with_classes_in_proportion() -> None:
    plan = planned(builtin.load("wine"))
    assert (plan.method, plan.resample, plan.counts) == ("stratified", True, (124, 27, 27))
    # train_test_split(test_size=27, stratify=target) in scikit-learn 1.9.1 gives 9, 11 and 7 as well.
    labels = np.array(builtin.load("wine").column("cultivar", path="")[1])
    assert Counter(labels[plan.test_rows]) == {"class_0": 9, "class_1": 11, "class_2": 7}


def test_numbers_are_shuffled_by_default() -> None:
    assert planned(builtin.load("diabetes")).method == "shuffled"


def test_rows_are_drawn_from_the_streams_that_the_design_names() -> None:
    plan = planned(TEN, train=5, validation=2, test=3, method="shuffled", seed=7)
    # Generator(PCG64(SeedSequence(7, spawn_key=(5, 0, 0)))).permutation(10) is 1 7 8 0 3 5 2 9 4 6, and
    # Generator(PCG64(SeedSequence(3, spawn_key=(5, 0, 1)))).permutation(7) orders those that are left.
    assert plan.test_rows.tolist() == [1, 7, 8]
    order = np.random.Generator(np.random.PCG64(np.random.SeedSequence(3, spawn_key=(5, 0, 1)))).permutation(
        [0, 2, 3, 4, 5, 6, 9]
    )
    train, validation = plan.rows_for(3)
    assert validation.tolist() == sorted(order[:2])
    assert train.tolist() == sorted(order[2:])


def test_test_rows_never_vary_and_validation_rows_do() -> None:
    plan = planned(builtin.load("iris"))
    draws = {tuple(plan.rows_for(seed)[1].tolist()) for seed in range(10)}
    assert len(draws) == 10
    other = planned(builtin.load("iris"), seed=1)
    assert other.test_rows.tolist() != plan.test_rows.tolist()


def test_without_resampling_every_seed_has_the_same_rows() -> None:
    plan = planned(builtin.load("iris"), resample=False)
    assert plan.rows_for(1)[1].tolist() == plan.rows_for(2)[1].tolist()
    # They are the ones that resampling would give the split's own seed.
    assert plan.rows_for(5)[1].tolist() == planned(builtin.load("iris")).rows_for(0)[1].tolist()


def test_ordered_takes_first_rows_to_train_and_last_to_test() -> None:
    plan = planned(TEN, method="ordered", train=0.5, validation=0.3, test=0.2)
    train, validation = plan.rows_for(0)
    assert (train.tolist(), validation.tolist(), plan.test_rows.tolist()) == (
        [0, 1, 2, 3, 4],
        [5, 6, 7],
        [8, 9],
    )


def test_ordered_leaves_rows_out_before_the_test_rows() -> None:
    plan = planned(TEN, method="ordered", train=4, validation=2, test=2)
    assert (plan.rows_for(0)[1].tolist(), plan.test_rows.tolist()) == ([4, 5], [8, 9])


def test_a_column_can_say_which_row_belongs_where() -> None:
    table = csv_text.read("part,x,y\ntrain,1,a\ntest,2,b\ntrain,3,b\nvalidation,4,a\n", name="t")
    plan = planned(table, method="column", column="part")
    assert [rows.tolist() for rows in (*plan.rows_for(0), plan.test_rows)] == [[0, 2], [3], [1]]


@given(
    labels=st.lists(st.sampled_from("abc"), min_size=12, max_size=60),
    validation=st.integers(0, 8),
    test=st.integers(0, 8),
    method=st.sampled_from(["shuffled", "stratified", "ordered"]),
    seeds=st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 2**53 - 1)),
    resample=st.booleans(),
)
def test_every_row_has_one_place_and_json_keeps_it(
    labels: list[str], validation: int, test: int, method: str, seeds: tuple[int, int], resample: bool
) -> None:
    table = table_of(labels)
    try:
        plan = planned(
            table,
            validation=validation,
            test=test,
            method=method,
            seed=seeds[0],
            resample=resample and method != "ordered",
        )
    except InvalidSubmission:  # a class may be too rare for its share
        return
    train, validate = plan.rows_for(seeds[1])
    assert sorted([*train, *validate, *plan.test_rows]) == list(range(len(labels)))
    assert (len(train), len(validate), len(plan.test_rows)) == plan.counts
    assert plan.counts == (len(labels) - validation - test, validation, test)
    assert sorted([*train, *validate]) == plan.rows_outside_test.tolist()
    again = SplitPlan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again.to_json() == plan.to_json()
    assert [rows.tolist() for rows in again.rows_for(seeds[1])] == [train.tolist(), validate.tolist()]
    if method == "stratified":
        for part in filter(len, (train, validate, plan.test_rows)):
            assert {labels[row] for row in part} == set(labels)


@given(st.lists(st.integers(3, 50), min_size=1, max_size=6), st.data())
def test_shares_are_within_one_row_of_proportion_unless_a_class_would_be_left_out(
    sizes: list[int], data: st.DataObject
) -> None:
    total = data.draw(st.integers(len(sizes), sum(sizes) - 2 * len(sizes)))
    most = [size - 2 for size in sizes]
    shares = strata.apportion(total, sizes, most)
    quotas = [total * size / sum(sizes) for size in sizes]
    assert sum(shares) == total
    assert all(1 <= share <= upper for share, upper in zip(shares, most, strict=True))
    if all(1 <= quota <= upper - 1 for quota, upper in zip(quotas, most, strict=True)):
        assert all(abs(share - quota) < 1 + 1e-9 for share, quota in zip(shares, quotas, strict=True))


@pytest.mark.parametrize(
    ("settings", "path", "message"),
    [
        (
            {"train": 9, "validation": 1, "test": 1},
            "split",
            "9 + 1 + 1 = 11 rows are asked; the table has 10",
        ),
        ({"train": 0.95, "validation": 0.05, "test": 0.0}, "split.validation", "not a single row"),
        ({"validation": 5, "test": 5}, "split.train", "leave none to train on"),
        ({"method": "column", "column": "x"}, "split.column", "'x' is no text column"),
        ({"method": "column", "column": "y"}, "split.column", "'y' is 'a' in row 1"),
        ({"method": "column", "column": "z"}, "split.column", "no column 'z'"),
        ({"test": 1, "validation": 2}, "split.test", "1 rows cannot hold all 2 classes"),
    ],
)
def test_an_impossible_split_is_refused_with_its_place(
    settings: dict[str, object], path: str, message: str
) -> None:
    ((where, what),) = faults_of(TEN, **settings)
    assert where == path
    assert message in what


def test_numbers_cannot_be_stratified() -> None:
    ((path, message),) = faults_of(builtin.load("diabetes"), method="stratified")
    assert path == "split.method"
    assert "this target is numeric" in message


def test_a_class_with_fewer_rows_than_parts_cannot_be_stratified() -> None:
    ((path, message),) = faults_of(table_of(["a"] * 18 + ["b"] * 2))
    assert path == "split.method"
    assert "the class 'b' has 2 rows, fewer than the 3 parts" in message


def test_a_seed_that_would_train_without_a_class_is_found_at_submit() -> None:
    labels = ["a"] * 17 + ["b"] * 3
    table = table_of(labels)
    plan = planned(table, method="shuffled", train=8, validation=8, test=4)
    classes = np.array([label == "b" for label in labels]).astype(np.int64)
    lacking = [seed for seed in range(200) if not classes[plan.rows_for(seed)[0]].any()]
    (fault,) = class_cover.faults(plan, classes, ("a", "b"), range(200))
    assert fault.path == "split.method"
    assert f"'b' is not among the training rows of seed {lacking[0]}:" in fault.message
    fine = [seed for seed in range(200) if seed not in lacking]
    assert class_cover.faults(plan, classes, ("a", "b"), fine) == []


def test_an_ordered_table_that_trains_on_one_class_is_refused() -> None:
    table = table_of(["a"] * 14 + ["b"] * 6)
    plan = planned(table, method="ordered")
    (fault,) = class_cover.faults(plan, np.repeat([0, 1], [14, 6]), ("a", "b"), [0])
    assert "'b' is not among the training rows: it could not be learned" in fault.message
