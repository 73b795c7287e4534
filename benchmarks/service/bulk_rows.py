"""Writes many rows that come with their keys: by COPY on PostgreSQL, by one prepared statement on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, Column, Table, text

from service.planning.measurements import ROW
from service.store.database import Database

Floats = NDArray[np.float64]
# PostgreSQL's binary COPY: https://www.postgresql.org/docs/current/sql-copy.html
COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_END = b"\xff\xff"


class BulkWriter:
    """One connection and its transaction; foreign keys of what is written are not looked up."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.engine.connect()
        self._driver: Any = self._connection.connection.driver_connection
        if database.is_sqlite:
            self._driver.execute("PRAGMA foreign_keys=OFF")
        self._transaction = self._connection.begin()
        if not database.is_sqlite:
            self._connection.execute(text("SET LOCAL session_replication_role = replica"))

    def write(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows that all have the same columns; what they lack gets the models' plain defaults."""
        if not rows:
            return
        defaults = {
            column.name: column.default.arg
            for column in table.columns
            if column.default is not None and column.default.is_scalar and column.name not in rows[0]
        }
        names = [*rows[0], *defaults]
        columns = [table.columns[name] for name in names]
        values = ([_stored(column, {**defaults, **row}[column.name]) for column in columns] for row in rows)
        self._rows(table.name, names, values)

    def losses(self, run_keys: Sequence[int], values: Floats, codes: NDArray[np.int64]) -> None:
        """Write the values (runs, epochs, columns) of losses; where a code is not 0, NaN is null."""
        runs, epochs, _ = values.shape
        keys, numbers = np.repeat(run_keys, epochs), np.tile(np.arange(1, epochs + 1), runs)
        flat, flags = values.reshape(runs * epochs, -1), codes.reshape(-1)
        if self._database.is_sqlite:
            # sqlite3 stores a NaN as null.
            rows = zip(keys.tolist(), numbers.tolist(), *flat.T.tolist(), flags.tolist(), strict=True)
            self._rows("losses", ROW, rows)
            return
        whole = flags == 0
        with (
            self._driver.cursor() as cursor,
            cursor.copy(f"COPY losses ({', '.join(ROW)}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.write(COPY_HEADER)
            copy.write(_binary_rows(keys[whole], numbers[whole], flat[whole]))
            copy.write(COPY_END)
        broken = np.flatnonzero(~whole)
        self._rows(
            "losses",
            ROW,
            (
                (
                    int(keys[at]),
                    int(numbers[at]),
                    *(None if value != value else value for value in flat[at].tolist()),
                    int(flags[at]),
                )
                for at in broken
            ),
        )

    def finish(self, tables: Iterable[Table]) -> None:
        """Commit, let new keys begin behind those given, and do what a server does by itself in a minute."""
        for table in () if self._database.is_sqlite else tables:
            if table.autoincrement_column is not None:
                serial = f"pg_get_serial_sequence('{table.name}', 'id')"
                self._connection.execute(text(f"SELECT setval({serial}, (SELECT max(id) FROM {table.name}))"))  # noqa: S608 - our schema
        self._transaction.commit()
        self._connection.invalidate()  # it has settings of its own
        self._connection.close()
        if self._database.is_sqlite:
            return
        with self._database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))

    def _rows(self, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        columns = ", ".join(names)
        if self._database.is_sqlite:
            marks = ", ".join("?" * len(names))
            self._driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608 - our schema
            return
        with self._driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def _stored(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, JSON) and value is not None and not isinstance(value, str):
        return json.dumps(value)
    return value


def _binary_rows(ids: NDArray[np.int64], epochs: NDArray[np.int64], values: Floats) -> bytes:
    """Rows of losses as PostgreSQL's binary COPY has them: big-endian, each field behind its length."""
    fields: list[tuple[str, str]] = [
        ("fields", ">i2"),
        ("l0", ">i4"),
        ("run", ">i8"),
        ("l1", ">i4"),
        ("epoch", ">i4"),
    ]
    for column in range(values.shape[1]):
        fields += [(f"m{column}", ">i4"), (f"v{column}", ">f8")]
    rows = np.zeros(len(ids), dtype=[*fields, ("l2", ">i4"), ("code", ">i4")])
    rows["fields"], rows["l0"], rows["l1"], rows["l2"] = len(ROW), 8, 4, 4
    rows["run"], rows["epoch"] = ids, epochs
    for column in range(values.shape[1]):
        rows[f"m{column}"], rows[f"v{column}"] = 8, values[:, column]
    return rows.tobytes()
