"""A table's bytes are those that the format's description says, and they give the same table back."""

from __future__ import annotations

import hashlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.datasets.table import Column, ColumnValues, Kind, Table
from service.errors import InvalidSubmission

NAN = struct.pack("<Q", 0x7FF8000000000000)

texts = st.text("ab,\n é\u4e2d\U0001f600", max_size=5)
cells: dict[Kind, st.SearchStrategy[object]] = {
    "number": st.floats(allow_infinity=False),
    "boolean": st.none() | st.booleans(),
    "text": st.none() | texts,
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds: list[Kind] = draw(st.lists(st.sampled_from(tuple(cells)), min_size=1, max_size=4))
    rows = draw(st.integers(1, 5))
    drawn = [draw(st.lists(cells[kind], min_size=rows, max_size=rows)) for kind in kinds]
    values = [
        np.array(column) if kind == "number" else tuple(column)
        for kind, column in zip(kinds, drawn, strict=True)
    ]
    return made(
        *((f"c{i}", kind, column) for i, (kind, column) in enumerate(zip(kinds, values, strict=True)))
    )


def made(*columns: tuple[str, Kind, object], name: str = "t") -> Table:
    values: list[ColumnValues] = [column[2] for column in columns]  # type: ignore[misc]
    return Table(name, tuple(Column(title, kind) for title, kind, _ in columns), tuple(values))


def test_the_bytes_are_as_described() -> None:
    table = made(
        ("x", "number", np.array([1.5, -0.0, np.nan])),
        ("ok", "boolean", (True, None, False)),
        ("é", "text", ("ab", None, "")),
    )
    expected = (
        b"backsweep table 1\n"
        b'{"columns":[{"kind":"number","name":"x"},{"kind":"boolean","name":"ok"},'
        b'{"kind":"text","name":"\\u00e9"}],"rows":3}\n'
        + struct.pack("<dd", 1.5, 0.0)
        + NAN
        + b"\x01\x02\x00"
        + struct.pack("<III", 2, 0xFFFFFFFF, 0)
        + b"ab"
    )
    assert table.encode() == expected
    assert table.content_hash == hashlib.sha256(expected).hexdigest()


@given(tables())
def test_encoding_and_decoding_gives_the_same_table(table: Table) -> None:
    again = Table.decode(table.encode())
    assert again.columns == table.columns
    assert again.encode() == table.encode()
    for ours, theirs in zip(table.values, again.values, strict=True):
        if isinstance(ours, np.ndarray):
            np.testing.assert_array_equal(ours, np.asarray(theirs))
        else:
            assert ours == theirs


@given(tables(), st.data())
def test_damaged_bytes_are_never_taken_for_a_table(table: Table, data: st.DataObject) -> None:
    encoded = table.encode()
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(ValueError, match=r"."):
        Table.decode(encoded[:cut])
    with pytest.raises(ValueError, match="bytes too many"):
        Table.decode(encoded + b"\x00")


def test_the_hash_is_of_the_content_and_not_of_the_name() -> None:
    column: tuple[str, Kind, object] = ("x", "number", np.array([1.0]))
    assert made(column, name="a").content_hash == made(column, name="b").content_hash
    assert made(column).content_hash != made(("y", "number", np.array([1.0]))).content_hash


def test_a_table_does_not_change_with_the_array_it_was_made_from() -> None:
    values = np.array([1.0, 2.0])
    table = made(("x", "number", values))
    values[0] = 9.0
    assert np.asarray(table.values[0])[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(table.values[0])[0] = 9.0


@pytest.mark.parametrize(
    ("columns", "path"),
    [
        ([], "columns"),
        ([("x", "number", np.array([]))], "columns"),
        ([("x", "number", np.array([1.0])), ("y", "number", np.array([1.0, 2.0]))], "columns[1]"),
        ([("x", "number", np.array([np.inf]))], "columns[0]"),
        ([("x", "text", np.array([1.0]))], "columns[0]"),
        ([("x", "boolean", ("yes",))], "columns[0]"),
        ([("x\u202e", "number", np.array([1.0]))], "columns[0].name"),
        ([("x", "text", ("a\x00",))], "columns[0]"),
        ([("x", "text", ("\ud800",))], "columns[0]"),
    ],
)
def test_what_cannot_be_a_table_is_refused_with_its_place(
    columns: list[tuple[str, Kind, object]], path: str
) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        made(*columns)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_an_unknown_column_is_a_fault_with_the_nearest_name() -> None:
    with pytest.raises(InvalidSubmission, match="no column 'colour'; did you mean 'color'"):
        made(("color", "number", np.array([1.0]))).column("colour", path="target")
