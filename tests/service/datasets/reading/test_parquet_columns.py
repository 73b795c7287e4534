"""A Parquet file is judged by its footer, and what it holds is what the same table in CSV holds."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.datasets import csv_text
from service.datasets.reading.limits import Limits
from service.datasets.reading.parquet_columns import open_parquet
from service.datasets.reading.parquet_footer import read_footer
from service.datasets.reading.thrift import Malformed, Reader
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission

LIMITS = Limits()
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(frame: pl.DataFrame, **options: Any) -> Path:
        frame.write_parquet(tmp_path / "body", **options)
        return tmp_path / "body"

    return to_file


def read(path: Path, limits: Limits = LIMITS) -> Table:
    columns = list(open_parquet(path, limits).columns)
    return Table("t", tuple(each.column for each in columns), tuple(each.values for each in columns))


def faults(path: Path, limits: Limits = LIMITS) -> Sequence[Fault]:
    with pytest.raises(InvalidSubmission) as caught:
        read(path, limits)
    return caught.value.faults


def in_bytes(frame: pl.DataFrame) -> bytes:
    body = io.BytesIO()
    frame.write_parquet(body)
    return body.getvalue()


SMALL = pl.DataFrame(
    {"x": [1.5, None, float("nan"), -0.0], "y": ["a", " b ", "", None], "z": [True, None, False, True]}
)


@pytest.mark.parametrize("compression", ["uncompressed", "snappy", "gzip", "zstd", "lz4", "brotli"])
def test_a_file_is_read_whatever_it_was_compressed_with(write: Write, compression: str) -> None:
    table = read(write(SMALL, compression=compression, row_group_size=2))
    expected = csv_text.read("x,y,z\n1.5,a,true\n,b,\n,,false\n0,,true\n", name="t")
    assert table.columns == expected.columns
    assert table.encode() == expected.encode()


def test_every_kind_of_value_becomes_numbers_booleans_or_text(write: Write) -> None:
    day = dt.date(2026, 11, 27)
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, None], dtype=pl.Int8),
            "large": pl.Series([2**40, 1], dtype=pl.UInt64),
            "single": pl.Series([0.5, 0.25], dtype=pl.Float32),
            "exact": pl.Series(["1.25", "2"]).cast(pl.Decimal(10, 2)),
            "category": pl.Series(["a", "b"], dtype=pl.Categorical),
            "day": [day, None],
            "moment": [dt.datetime(2026, 11, 27, 1, 2, 3), None],  # noqa: DTZ001 - as a table may have it
            "nothing": pl.Series([None, None], dtype=pl.Null),
        }
    )
    table = read(write(frame))
    kinds = {column.name: column.kind for column in table.columns}
    assert kinds == {
        "small": "number", "large": "number", "single": "number", "exact": "number",
        "category": "text", "day": "text", "moment": "text", "nothing": "number",
    }  # fmt: skip
    values = dict(zip(kinds, table.values, strict=True))
    assert np.array_equal(np.asarray(values["small"]), [1, np.nan], equal_nan=True)
    assert np.asarray(values["exact"]).tolist() == [1.25, 2]
    assert values["day"] == ("2026-11-27", None)
    assert str(values["moment"][0]).startswith("2026-11-27 01:02:03")


def test_text_that_looks_like_numbers_stays_text(write: Write) -> None:
    assert read(write(pl.DataFrame({"zip": ["01234", "NA"]}))).values == (("01234", "NA"),)


@pytest.mark.parametrize("values", [[[1, 2]], [{"a": 1}], [b"x"], [dt.timedelta(1)]])
def test_other_kinds_are_refused_by_name(write: Write, values: list[object]) -> None:
    (fault,) = faults(write(pl.DataFrame({"a": [1], "odd": values})))
    if fault.path == "columns[1]":
        assert "'odd' holds" in fault.message
        assert "numbers, booleans" in str(fault.allowed)
    else:
        assert "lists, or columns inside columns" in fault.message


def test_infinite_numbers_are_refused_and_large_ones_are_told(write: Write) -> None:
    (fault,) = faults(write(pl.DataFrame({"x": [1.0, float("inf")]})))
    assert fault.path == "columns[0]"
    assert "in row 2" in fault.message
    (column,) = open_parquet(write(pl.DataFrame({"x": [2**60]})), LIMITS).columns
    assert [remark.kind for remark in column.remarks] == ["rounded"]


def test_the_footer_says_how_large_the_table_is_and_the_limits_are_held_against_it(write: Write) -> None:
    path = write(SMALL)
    footer = read_footer(path, LIMITS)
    assert (footer.rows, footer.columns) == (4, 3)
    assert "BACKSWEEP_MAX_DATASET_ROWS" in str(faults(path, Limits(rows=3))[0].allowed)
    assert "BACKSWEEP_MAX_DATASET_COLUMNS" in str(faults(path, Limits(columns=2))[0].allowed)
    assert "no row" in faults(write(SMALL.clear()))[0].message


def test_a_bomb_is_refused_before_it_is_unpacked(write: Write) -> None:
    one = ["x" * 9_000] * 10_000  # 90 MB as a dictionary of one text
    many = [f"{number:09000}" for number in range(10_000)]  # 90 MB that are really written
    for texts in (one, many):
        path = write(pl.DataFrame({"x": texts}), compression="zstd", statistics=False)
        assert path.stat().st_size < 2**20
        (fault,) = faults(path, Limits(memory=2**29))
        assert "BACKSWEEP_DATASET_MEMORY" in str(fault.allowed)


def test_a_long_text_is_refused_with_its_row(write: Write) -> None:
    (fault,) = faults(write(pl.DataFrame({"x": ["a", "é" * 5_001]})))
    assert fault.path == "columns[0]"
    assert "10,002 bytes in row 2" in fault.message


def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = in_bytes(SMALL)
    path = tmp_path / "body"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InvalidSubmission):
            read_footer(path, LIMITS)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_footer_that_was_tampered_with_is_refused_or_read_but_never_fails(data: st.DataObject) -> None:
    whole = bytearray(in_bytes(SMALL))
    length = int.from_bytes(whole[-8:-4], "little")
    footer = whole[-8 - length : -8]
    for place in data.draw(st.lists(st.integers(0, len(footer) - 1), min_size=1, max_size=4)):
        footer[place] = data.draw(st.integers(0, 255))
    try:
        assert isinstance(
            Reader(bytes(footer)).struct({2: {4: None, 5: None}, 3: None, 4: {1: {3: {5: None}}}}), dict
        )
    except Malformed as error:
        assert str(error)  # noqa: PT017 - either is right


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_as_a_structure_or_are_malformed(data: bytes) -> None:
    try:
        assert isinstance(Reader(data).struct({1: {1: None}, 2: None}), dict)
    except Malformed as error:
        assert str(error)  # noqa: PT017 - either is right
