"""Exports as Parquet: written group by group into a file without a name, and sent from there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

from service.api.exports.texts import Names, Pieces
from service.planning.export_columns import Kind

if TYPE_CHECKING:
    import polars as pl

ROW_GROUP = 50_000  # rows
BLOCK = 2**18  # bytes


def parquet_pieces(columns: Names, pieces: Pieces) -> Iterator[bytes]:
    """One Parquet file, written before it is sent: a footer at its end says where all groups are.

    Memory holds one piece of rows and one group. The file takes as much of the temporary folder as the
    answer is long, and is gone when the answer is sent or given up.
    """
    with tempfile.TemporaryFile(prefix="backsweep-export-") as file:
        _write(columns, pieces, file)
        file.seek(0)
        while block := file.read(BLOCK):
            yield block


def _write(columns: Names, pieces: Pieces, file: IO[bytes]) -> None:
    import polars as pl
    from polars.io.plugins import register_io_source

    kinds: dict[Kind, Any] = {
        Kind.TEXT: pl.String,
        Kind.INTEGER: pl.Int64,
        Kind.NUMBER: pl.Float64,
        Kind.FLAG: pl.Boolean,
    }
    schema = {name: kinds[kind] for name, kind in columns}

    def frames(
        with_columns: list[str] | None, _predicate: object, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for rows in pieces:
            frame = pl.DataFrame(rows, schema=schema, orient="row")
            yield frame if with_columns is None else frame.select(with_columns)

    register_io_source(frames, schema=schema).sink_parquet(file, row_group_size=ROW_GROUP)
