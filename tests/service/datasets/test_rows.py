"""Rows as JSON carries them are read in a time that grows with their cells."""

from __future__ import annotations

from collections.abc import Iterator

from service.datasets.rows import from_rows
from service.datasets.table import Column


class Looked(list[Column]):
    """Columns that count how often they are gone through."""

    times = 0

    def __iter__(self) -> Iterator[Column]:
        self.times += 1
        return super().__iter__()


def test_columns_are_not_gone_through_for_every_cell() -> None:
    wanted = Looked(Column(f"pixel{i}", "number") for i in range(50))
    rows = [{"digit": "3", **{column.name: 0.5 for column in wanted}} for _ in range(20)]
    wanted.times = 0
    found = from_rows(rows, wanted, ["digit"])
    assert found.ignored == ("digit",)
    assert (found.table.rows, len(found.table.columns)) == (20, 50)
    assert wanted.times < 2 * len(rows)
