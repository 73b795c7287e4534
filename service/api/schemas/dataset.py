"""A dataset as it is shown: its columns and whose it is, never its rows."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.datasets.table import Table
from service.store.clock import rfc3339
from service.store.schema import Dataset as StoredDataset


class DatasetColumn(Shape):
    """A column's name and what its values are."""

    name: str
    kind: str = Field(examples=["number", "text", "boolean"])


class Dataset(Shape):
    """A named, immutable table of examples."""

    id: str | None = Field(description="Null for a built-in dataset that no sweep has used yet.")
    name: str
    builtin: bool
    content_hash: str = Field(description="SHA-256 of the canonical content.")
    rows: int
    columns: list[DatasetColumn]
    default_target: str | None
    licence: str | None
    source: str | None
    created_at: Instant | None

    @classmethod
    def stored(cls, row: StoredDataset, *, builtin: bool) -> Self:
        """The shape of a stored dataset."""
        return cls(
            id=row.public_id,
            name=row.name,
            builtin=builtin,
            content_hash=row.content_hash,
            rows=row.row_count,
            columns=row.columns["columns"],
            default_target=row.columns.get("target"),
            licence=row.licence,
            source=row.source,
            created_at=rfc3339(row.created_at),
        )

    @classmethod
    def built_in(cls, table: Table) -> Self:
        """The shape of a dataset that comes with the service."""
        return cls(
            id=None,
            name=table.name,
            builtin=True,
            content_hash=table.content_hash,
            rows=table.rows,
            columns=[DatasetColumn(name=column.name, kind=column.kind) for column in table.columns],
            default_target=table.default_target,
            licence=table.licence or None,
            source=table.source or None,
            created_at=None,
        )


class Datasets(Shape):
    """Every dataset that a submission may name."""

    items: list[Dataset]
    next_cursor: NextCursor
