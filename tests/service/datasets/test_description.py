"""What is shown of a table is what anyone would count, and the advice is what its columns deserve."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.datasets import builtin, csv_text
from service.datasets.description import MOST_BYTES, Describer, Description, describe
from service.datasets.features import MAX_CATEGORIES
from service.datasets.profile import profile
from service.datasets.table import Column
from service.errors import InvalidSubmission


def described(text: str, target: str | None = None) -> Description:
    table = csv_text.read(text, name="t")
    describer = Describer(table.rows)
    for column, values in zip(table.columns, table.values, strict=True):
        describer.add(column, values)
    return describer.description(target)


def rows(*columns: str, count: int = 30) -> str:
    """A table whose cells are these formulas of the row's number."""
    names = [column.partition("=") for column in columns]
    lines = [",".join(str(eval(formula, {"i": i})) for _, _, formula in names) for i in range(count)]  # noqa: S307
    return "\n".join([",".join(name for name, _, _ in names), *lines])


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(-5, 5).map(float)), min_size=1))
def test_numbers_are_counted(cells: list[float | None]) -> None:
    values = np.array([np.nan if cell is None else cell for cell in cells])
    found = profile(Column("x", "number"), values)
    known = [cell for cell in cells if cell is not None]
    assert (found.missing, found.distinct) == (len(cells) - len(known), len(set(known)))
    if known:
        assert (found.minimum, found.maximum) == (min(known), max(known))
        assert found.mean == pytest.approx(sum(known) / len(known), rel=1e-9, abs=1e-6)
        assert (found.kind == "integer") == all(cell.is_integer() for cell in known)
    else:
        assert (found.kind, found.minimum, found.mean) == ("number", None, None)


@given(st.lists(st.sampled_from([None, "a", "b", "c", "d", "e", "f", "g"]), min_size=1))
def test_texts_are_counted_and_the_most_frequent_are_shown(cells: list[str | None]) -> None:
    found = profile(Column("x", "text"), tuple(cells))
    counts = Counter(cell for cell in cells if cell is not None)
    assert (found.missing, found.distinct) == (cells.count(None), len(counts))
    shown = {each.value: each.count for each in found.frequent}
    assert len(shown) == min(5, len(counts))
    assert all(counts[str(value)] == count for value, count in shown.items())
    least = min(shown.values(), default=0)
    assert all(count <= least for value, count in counts.items() if value not in shown)


def test_a_mean_that_no_float_holds_and_a_long_text_are_not_shown_whole() -> None:
    assert profile(Column("x", "number"), np.array([1.7e308, 1.7e308])).mean is None
    assert len(str(profile(Column("x", "text"), ("x" * 500,)).frequent[0].value)) == 100


@pytest.mark.parametrize(
    ("text", "target", "task"),
    [
        (rows("a=i", "b=i % 3"), "b", "classification"),
        (rows("a=i % 3", "b=i / 7"), "b", "regression"),
        (rows("a=i % 3", "b=i"), "b", "regression"),  # 30 whole numbers are no classes
        (rows("Class=i % 2", "b=i / 7"), "Class", "classification"),
        (rows("y=i / 7", "label='uv'[i % 2]"), "label", "classification"),
        (rows("a=i / 7", "b=5"), "a", "regression"),  # nothing to learn in b
        (rows("a=i / 7", "b='' if i else 1"), "a", "regression"),
        (rows("a=i / 7", "b='n' + str(i)"), "a", "regression"),  # names
        (rows("a='n' + str(i)"), "a", "classification"),  # nothing better
    ],
)
def test_a_target_is_suggested_with_its_task(text: str, target: str, task: str) -> None:
    found = described(text)
    assert (found.target, found.task) == (target, task)


def test_the_built_in_tables_suggest_their_own_targets_and_tasks() -> None:
    for name in builtin.names():
        found = builtin.description_of(name)
        assert found.target == builtin.BUILTINS[name].target
        assert found.task == ("regression" if name == "diabetes" else "classification")


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("x=5", "constant"),
        ("x=''", "empty"),
        ("x=i + 100", "identifier"),
        ("x='n' + str(i)", "identifier"),
        ("x='' if i % 3 else i % 2", "mostly_missing"),
    ],
)
def test_what_is_remarkable_of_a_feature_is_told(column: str, kind: str) -> None:
    (remark,) = described(rows(column, "y=i % 2")).remarks
    assert (remark.kind, remark.column) == (kind, "x")
    assert "'x'" in remark.message


def test_too_many_categories_are_told() -> None:
    text = rows("x='n' + str(i // 2)", "y=i % 2", count=2 * MAX_CATEGORIES + 2)
    (remark,) = described(text).remarks
    assert (remark.kind, remark.column) == ("too_many_categories", "x")


@pytest.mark.parametrize("column", ["x=i / 7", "x=i % 7", "x='uvw'[i % 3]", "x=i % 3 == 0"])
def test_of_an_ordinary_column_nothing_is_told(column: str) -> None:
    assert described(rows(column, "y=i % 2")).remarks == ()


def test_a_target_that_a_sweep_would_refuse_is_told() -> None:
    assert [each.kind for each in described("x,y\n1,2\n2,\n", target="y").remarks] == [
        "target_missing",
        "constant",
    ]
    many = rows("x=i % 7", "y='n' + str(i)", count=1_001)
    assert [each.kind for each in described(many, target="y").remarks] == ["too_many_classes"]


def test_an_unknown_target_is_refused_with_the_nearest_column() -> None:
    with pytest.raises(InvalidSubmission, match="did you mean 'price'"):
        described("price,x\n1,2\n", target="prize")


def test_first_rows_keep_their_kinds_and_their_gaps() -> None:
    found = described("a,b,c,d\n1,1.5,true,x\n,,,\n3,2,false,y\n")
    assert found.head == ((1, 1.5, True, "x"), (None, None, None, None), (3, 2.0, False, "y"))
    assert isinstance(found.head[0][0], int)
    assert isinstance(found.head[2][1], float)


def test_first_rows_are_fewer_where_they_are_long_but_at_least_one() -> None:
    text = "x,y\n" + f"{'t' * 9_000},1\n" * 150
    assert len(described(text).head) == 100
    wide = ",".join(f"c{i}" for i in range(200))
    long = ",".join(["t" * 9_000] * 200)
    found = described(f"{wide}\n{long}\n{long}\n")
    assert len(found.head) == 1
    assert len(json.dumps(found.head)) > MOST_BYTES


def test_a_large_number_comes_back_as_a_float_from_a_store_that_writes_out_its_digits() -> None:
    found = described("x,y,z\n1e300,1,true\n9007199254740993,2,false\n")
    document = json.loads(json.dumps(found.to_json()))
    document["head"] = [[int(cell) if cell == 1e300 else cell for cell in row] for row in document["head"]]
    again = Description.from_json(document)
    assert again.head == ((1e300, 1, True), (2**53, 2, False))
    assert [type(cell) for cell in again.head[0]] == [float, int, bool]


def test_a_description_survives_json() -> None:
    for found in (describe(builtin.load("iris")), described("a,b\n1,x\n,true\n", target="b")):
        assert Description.from_json(json.loads(json.dumps(found.to_json()))) == found
