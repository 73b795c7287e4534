"""Whatever a person's program calls CSV is read as it was meant, or refused with the line and the reason."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.datasets import csv_text
from service.datasets.reading import structure
from service.datasets.reading.csv_columns import open_csv
from service.datasets.reading.limits import MAX_FIELD, Decimal, Limits
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission

LIMITS = Limits()


def read(text: str | bytes, decimal: Decimal | None = None, limits: Limits = LIMITS) -> Table:
    data = text.encode() if isinstance(text, str) else text
    source = open_csv(data, limits, decimal)
    columns = list(source.columns)
    table = Table("t", tuple(each.column for each in columns), tuple(each.values for each in columns))
    assert table.rows == source.rows
    return table


def faults(text: str | bytes, decimal: Decimal | None = None, limits: Limits = LIMITS) -> Sequence[Fault]:
    with pytest.raises(InvalidSubmission) as caught:
        read(text, decimal, limits)
    return caught.value.faults


def written(rows: Sequence[Sequence[str]], separator: str, line_end: str, *, quote_all: bool = False) -> str:
    text = io.StringIO(newline="")
    dialect = csv.unix_dialect if quote_all else csv.excel
    csv.writer(text, dialect, delimiter=separator, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def refused_or_read(data: bytes, decimal: Decimal | None = None) -> Sequence[Fault] | Table:
    """Faults, each with its place and what it is, or a table with rows; anything else is raised."""
    try:
        return read(data, decimal)
    except InvalidSubmission as error:
        return [fault for fault in error.faults if fault.path and fault.message]


# Without the characters that no table may hold, and without a lone CR, which is a line end to the csv module.
CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Cn"))
# Nor those that write an infinity, which are refused, and are text to the reference reader.
INFINITE = re.compile(r"\s*[+-]?inf(inity)?\s*", re.IGNORECASE)
CELL = st.one_of(
    st.text(st.one_of(CHARACTERS, st.sampled_from(',;\t"\n .')), max_size=8).filter(
        lambda text: not INFINITE.fullmatch(text)
    ),
    st.sampled_from(
        ["", " ", "NA", "?", "null", "true", "FALSE", "1", "-2.5", " 7 ", "1e3", ".5", "5.", "+1"]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers().map(str),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(1, 4))
    column = st.lists(CELL, min_size=width, max_size=width)
    # A column of one kind has to come up more often than chance would have it.
    kinds = [
        draw(st.sampled_from([CELL, st.floats(-1e6, 1e6).map(repr), st.sampled_from(["true", "NA"])]))
        for _ in range(width)
    ]
    rows = draw(st.lists(st.one_of(column, st.tuples(*kinds).map(list)), min_size=1, max_size=8))
    return [[f"c{i}" for i in range(width)], *rows]


@given(
    rows=tables(),
    separator=st.sampled_from(",;\t"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
    mark=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_every_dialect_is_read_as_the_reference_reader_reads_plain_csv(
    rows: list[list[str]], separator: str, line_end: str, quote_all: bool, mark: bool
) -> None:
    # An empty line is no row, so that a table of one column needs quotes around a cell of spaces alone.
    quote_all = quote_all or len(rows[0]) == 1
    text = ("\ufeff" if mark else "") + written(rows, separator, line_end, quote_all=quote_all)
    try:
        expected = csv_text.read(written(rows, ",", "\n", quote_all=True), name="t")
    except InvalidSubmission:
        with pytest.raises(InvalidSubmission):
            read(text, "point")
        return
    found = read(text, "point")
    assert found.columns == expected.columns
    assert found.encode() == expected.encode()


@pytest.mark.parametrize("cell", ["inf", "-Infinity", " INF ", "1e400", "9" * 310])
def test_an_infinity_among_numbers_is_refused_however_it_is_written(cell: str) -> None:
    (fault,) = faults(f"c0\n1.5\n{cell}\n")
    assert "infinite, or too large for a float64, in row 2" in fault.message
    assert read(f"c0\nwords\n{cell}\n").columns[0].kind == "text"


@given(st.binary(max_size=300))
@example(b"x^2,y\n1,2\n")
@example(b"\x1f\x8b\x08\x00")
@example(b"a\n\xf0\x9f")
@settings(max_examples=300, deadline=None)
def test_arbitrary_bytes_are_a_table_or_are_refused(data: bytes) -> None:
    assert refused_or_read(data)


HOSTILE = st.text(st.sampled_from('ab1.,;\t"\n\r\x00 é-'), max_size=60)


@given(HOSTILE, st.sampled_from([None, "point", "comma"]))
@settings(max_examples=400, deadline=None)
def test_text_of_separators_quotes_and_line_ends_is_a_table_or_is_refused(
    text: str, decimal: Decimal | None
) -> None:
    assert refused_or_read(text.encode(), decimal)


@given(HOSTILE, st.integers(1, 7))
@settings(max_examples=300, deadline=None)
def test_what_is_found_does_not_depend_on_where_chunks_end(text: str, chunk: int) -> None:
    data = ("a,b\n" + text).encode()

    def outcome() -> object:
        try:
            return structure.scan(data, start=4, line=2, separator=44, columns=2, limits=LIMITS)
        except InvalidSubmission as error:
            return [fault.path for fault in error.faults]

    whole = outcome()
    before, structure.CHUNK = structure.CHUNK, chunk
    try:
        pieces = outcome()
    finally:
        structure.CHUNK = before
    if isinstance(whole, list) and isinstance(pieces, list):
        assert set(pieces) <= set(whole)  # what stands in the first chunk at fault is told, not what follows
    else:
        assert whole == pieces


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_found_although_others_stand_in_the_text(separator: str) -> None:
    rows = [["name, first; last", "value"], ["a;b\tc,d", "1"], ["e", "2"]]
    table = read(written(rows, separator, "\n"))
    assert [column.name for column in table.columns] == ["name, first; last", "value"]
    assert np.asarray(table.values[1]).tolist() == [1, 2]


def test_a_header_with_two_possible_separators_is_divided_as_its_rows_are() -> None:
    assert [column.name for column in read("a,b;c\n1;2\n3;4\n").columns] == ["a,b", "c"]
    assert [column.name for column in read("a,b;c\n1,2\n3,4\n").columns] == ["a", "b;c"]


def test_names_are_repaired_and_it_is_told() -> None:
    source = open_csv(b",x,x,x_2,\n0,1,2,3,4\n", LIMITS, None)
    assert source.names == ("column_1", "x", "x_2_", "x_2", "column_5")
    assert [remark.kind for remark in source.remarks] == ["nameless", "duplicate_name", "nameless"]
    assert [remark.column for remark in source.remarks] == ["column_1", "x_2_", "column_5"]


def test_columns_that_are_called_by_their_numbers_are_no_rows_of_data() -> None:
    assert [column.name for column in read("0,1,2\n5,6,7\n").columns] == ["0", "1", "2"]
    assert [column.name for column in read(",0,1\n0,6,7\n").columns] == ["column_1", "0", "1"]
    (fault,) = faults("5.1,3.5,1.4\n4.9,3.0,1.4\n")
    assert fault.path == "line 1"
    assert "not the columns' names" in fault.message


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a,b\n1,2\n1,2,3\n", 3, "has 3 fields; the header has 2"),
        ('a,b\n"x\ny",2\n1\n', 4, "has 1 field; the header has 2"),
        ("a,b\n\n\n1\n", 4, "has 1 field"),
        ('a,b\n1,"2\n3,4\n', 2, "opens a quote that is never closed"),
        ('a,b\n1,2\n5",2\n', 3, "a quote inside a field that is not quoted"),
        ('a,b\n1, "2"\n', 2, "a quote inside a field that is not quoted"),
        ('a,b\n"1"x,2\n', 2, "text behind a closing quote"),
        ("a,b\n1,2\n1\x00,2\n", 3, "NUL"),
        ("a,b\n1,2\n1\r1,2\n", 3, "carriage return"),
        (b"a,b\n1,2\ncaf\xe9,2\n", 3, "is not UTF-8: byte 0xE9, the file's 12th"),
        ('"a,b\n1,2\n', 1, "not CSV"),
        (f"a,b\n1,2\n1,{'x' * (MAX_FIELD + 1)}\n", 3, "has a field of 10,001 bytes"),
        (f'a,b\n1,"{chr(34) * 100_000}"\n', 2, "has a field of 100,002 bytes"),
    ],
)
def test_a_breach_of_the_rules_is_told_with_its_line(text: str | bytes, line: int, message: str) -> None:
    (fault,) = faults(text)
    assert fault.path == f"line {line}"
    assert message in fault.message


def test_a_long_field_across_chunks_is_still_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "CHUNK", 1000)
    assert "has a field of" in faults(f"a,b\n1,{'x' * (MAX_FIELD + 1)}\n")[0].message
    assert read(f"a,b\n1,{'x' * MAX_FIELD}\n").rows == 1


def test_many_lines_at_fault_are_told_but_not_all() -> None:
    told = faults("a,b\n" + "1,2,3\n" * 50)
    assert [fault.path for fault in told] == [f"line {line}" for line in range(2, 12)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header"),
        ("\ufeff", "no header"),
        ("a,b\n", "no row"),
        ("a,b\n\n\n", "no row"),
        ("  \n1\n", "no header"),
    ],
)
def test_nothing_is_no_table(text: str, message: str) -> None:
    assert message in faults(text)[0].message


def test_utf_16_is_named() -> None:
    assert "UTF-16" in faults("a,b\n1,2\n".encode("utf-16"))[0].message


@pytest.mark.parametrize(
    ("begins", "named", "allowed"),
    [
        (b"PK\x03\x04", "workbook", "CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel", "CSV in UTF-8"),
        (b"\x1f\x8b\x08", "gzip", "unpacked"),
        (b"PAR1", "a Parquet file", "application/vnd.apache.parquet"),
    ],
)
def test_what_is_often_sent_in_place_of_csv_is_named(begins: bytes, named: str, allowed: str) -> None:
    (fault,) = faults(begins + b"\x00\x01a,b\n1,2\n")
    assert named in fault.message
    assert allowed in str(fault.allowed)


def test_a_table_that_is_too_large_is_refused_with_the_setting() -> None:
    (fault,) = faults("a,b\n1,2\n3,4\n", limits=Limits(rows=1))
    assert "BACKSWEEP_MAX_DATASET_ROWS" in str(fault.allowed)
    (fault,) = faults("a,b\n1,2\n3,4\n", limits=Limits(cells=3))
    assert "4 cells" in fault.message
    (fault,) = faults(",".join(f"c{i}" for i in range(1_000_000)) + "\n")
    assert "1,000,000 columns" in fault.message


@pytest.mark.parametrize(
    "cell", ["", " ", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "null", "NULL", "?"]
)
def test_missing_is_missing_in_every_kind(cell: str) -> None:
    table = read(f"a,b,c\n1,true,x\n{cell},{cell},{cell}\n")
    assert [column.kind for column in table.columns] == ["number", "boolean", "text"]
    assert np.isnan(np.asarray(table.values[0])).tolist() == [False, True]
    assert table.values[1:] == ((True, None), ("x", None))


@pytest.mark.parametrize("cell", ["NAN", "Nan", "-nan", "+NaN"])
@pytest.mark.parametrize("decimal", [None, "point", "comma"])
def test_what_is_no_spelling_of_missing_is_text_and_not_lost(cell: str, decimal: Decimal | None) -> None:
    table = read(f"a;b\n1;2\n{cell};3\n", decimal)
    assert table.values[0] == ("1", cell)


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "-1e400", "INF"])
def test_an_infinite_number_is_refused_with_its_row(cell: str) -> None:
    (fault,) = faults(f"a,b\n1,2\n{cell},3\n")
    assert (fault.path, fault.allowed) == ("columns[0]", "finite numbers, or a missing value")
    assert "in row 2" in fault.message


def test_every_column_at_fault_is_told() -> None:
    assert [fault.path for fault in faults("a,b,c\ninf,2,1e999\n")] == ["columns[0]", "columns[2]"]


def test_decimal_commas_are_read_or_kept_as_they_are_asked_for_and_else_refused() -> None:
    text = "price;size\n1,5;2\n-2,25;?\n"
    (fault,) = faults(text)
    assert fault.path == "columns[0]"
    assert "'1,5' in row 1" in fault.message
    assert "decimal=comma" in str(fault.allowed)
    assert np.asarray(read(text, "comma").values[0]).tolist() == [1.5, -2.25]
    assert read(text, "point").values[0] == ("1,5", "-2,25")
    mixed = read("a;b\n1.500,25;1\n1,5;2\n", "comma")
    assert mixed.columns[0].kind == "text"
    assert read("a;b\n1.5;1\n", "comma").columns[0].kind == "text"  # 1500, or 1.5: nobody can know


def test_a_column_that_is_nearly_of_numbers_is_told() -> None:
    text = "a,b\n" + "1,x\n" * 9 + "unknown,x\n"
    (first, second) = list(open_csv(text.encode(), LIMITS, None).columns)
    assert first.column.kind == "text"
    (remark,) = first.remarks
    assert (remark.kind, remark.column) == ("nearly_numbers", "a")
    assert "1 of 10 values are no numbers: 'unknown' in row 10" in remark.message
    assert second.remarks == ()


def test_whole_numbers_that_a_float_cannot_hold_are_told() -> None:
    (column,) = open_csv(f"a\n{2**53 + 1}\n".encode(), LIMITS, None).columns
    assert [remark.kind for remark in column.remarks] == ["rounded"]
    assert math.isclose(np.asarray(column.values)[0], 2**53)


def test_a_wide_table_is_read_in_groups_of_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.datasets.reading.csv_columns.CELLS_AT_ONCE", 4)
    table = read("a,b,c,d,e\n" + "1,2,3,4,5\n" * 2)
    assert [np.asarray(values)[0] for values in table.values] == [1, 2, 3, 4, 5]
