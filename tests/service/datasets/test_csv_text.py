"""CSV is read by its written rules."""

from __future__ import annotations

import numpy as np
import pytest

from service.datasets import csv_text
from service.errors import InvalidSubmission


def test_kinds_follow_from_every_cell_of_a_column() -> None:
    table = csv_text.read("a,b,c,d\n1,true,x,1\n-2.5e3,FALSE,1,two\n", name="t")
    assert [column.kind for column in table.columns] == ["number", "boolean", "text", "text"]
    assert np.asarray(table.values[0]).tolist() == [1.0, -2500.0]
    assert table.values[1:] == ((True, False), ("x", "1"), ("1", "two"))


@pytest.mark.parametrize("missing", ["", " ", "NA", "N/A", "NaN", "nan", "null", "NULL"])
def test_missing_cells_are_missing_in_every_kind(missing: str) -> None:
    table = csv_text.read(f"a,b,c\n1,true,x\n{missing},{missing},{missing}\n", name="t")
    assert np.isnan(np.asarray(table.values[0])).tolist() == [False, True]
    assert table.values[1:] == ((True, None), ("x", None))


@pytest.mark.parametrize("cell", ["1_000", "0x10", "1,5", "inf", "Infinity", "١", "1e", "--1"])
def test_what_only_python_takes_for_a_number_is_text(cell: str) -> None:
    table = csv_text.read(f'a,b\n"{cell}",1\n', name="t")
    assert table.columns[0].kind == "text"


def test_quotes_spaces_byte_order_mark_and_empty_lines_are_understood() -> None:
    table = csv_text.read('\ufeff a , b\r\n"x, ""y""\r\nz",1\r\n\r\n', name="t")
    assert [column.name for column in table.columns] == ["a", "b"]
    assert table.values[0] == ('x, "y"\r\nz',)


def test_one_name_typed_in_two_ways_is_one_name() -> None:
    assert csv_text.read("caf\u0065\u0301,b\n1,2\n", name="t").columns[0].name == "caf\u00e9"


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("", "line 1", "columns"),
        ("a,b\n", "line 1", "at least one row"),
        ("a,b\n1,2\n1,2,3\n", "line 3", "has 3 fields; the header has 2"),
        ('a,b\n1,"2\n', "line 2", "is not CSV"),
        ("a,a\n1,2\n", "columns[1].name", "two columns are called 'a'"),
        (",b\n1,2\n", "columns[0].name", "unusable"),
        ("a\n1e999\n", "columns[0]", "infinite in row 1"),
    ],
)
def test_a_fault_names_its_place(text: str, path: str, message: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        csv_text.read(text, name="t")
    (fault,) = caught.value.faults
    assert fault.path == path
    assert message in fault.message
