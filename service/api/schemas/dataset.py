"""A dataset as it is shown: its columns, what to predict and whose it is; its first rows on request."""

from __future__ import annotations

from typing import Literal, Self, cast

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.datasets.description import Description
from service.datasets.profile import ColumnProfile
from service.datasets.remarks import Remark
from service.datasets.table import Table
from service.datasets.targets import Task
from service.store.clock import rfc3339
from service.store.schema import Dataset as StoredDataset

Cell = float | int | str | bool | None


class DatasetValue(Shape):
    """A value and how many rows have it."""

    value: str | bool = Field(description="Cut at 100 characters.")
    count: int


class DatasetColumn(Shape):
    """A column's name and what its values are; missing ones count in `missing` alone."""

    name: str
    kind: Literal["number", "integer", "boolean", "text"]
    missing: int = Field(description="Rows without a value.")
    distinct: int = Field(description="Different values.")
    minimum: float | None = Field(description="Of numbers, as are `maximum` and `mean`.")
    maximum: float | None
    mean: float | None
    frequent: list[DatasetValue] = Field(description="The five most frequent texts or booleans.")

    @classmethod
    def of(cls, column: ColumnProfile) -> Self:
        """The shape of a column's profile."""
        return cls(
            name=column.name,
            kind=column.kind,
            missing=column.missing,
            distinct=column.distinct,
            minimum=column.minimum,
            maximum=column.maximum,
            mean=column.mean,
            frequent=[DatasetValue(value=each.value, count=each.count) for each in column.frequent],
        )


class DatasetWarning(Shape):
    """What a person should know before they train on it."""

    kind: str = Field(examples=["constant", "identifier", "too_many_categories", "nearly_numbers"])
    column: str | None
    message: str

    @classmethod
    def of(cls, remark: Remark) -> Self:
        """The shape of a remark."""
        return cls(kind=remark.kind, column=remark.column, message=remark.message)


class Dataset(Shape):
    """A named, immutable table of examples."""

    id: str | None = Field(description="Null for a built-in dataset that no sweep has used yet.")
    name: str
    builtin: bool
    content_hash: str = Field(description="SHA-256 of the canonical content, whatever file it came from.")
    rows: int
    column_count: int
    default_target: str | None = Field(description="What a sweep predicts that names no target.")
    task: Task | None = Field(description="What the default target makes.")
    licence: str | None
    source: str | None
    notes: str | None
    created_at: Instant | None

    @classmethod
    def stored(cls, row: StoredDataset) -> Self:
        """The shape of a dataset that somebody sent."""
        return cls(
            id=row.public_id,
            name=row.name,
            builtin=False,
            content_hash=row.content_hash,
            rows=row.row_count,
            column_count=row.column_count,
            default_target=row.default_target,
            task=cast("Task | None", row.task),
            licence=row.licence,
            source=row.source,
            notes=row.notes,
            created_at=rfc3339(row.created_at),
        )

    @classmethod
    def built_in(cls, table: Table, task: Task, row: StoredDataset | None) -> Self:
        """The shape of a dataset that comes with the service, and of its copy in the store if any."""
        return cls(
            id=row.public_id if row else None,
            name=table.name,
            builtin=True,
            content_hash=table.content_hash,
            rows=table.rows,
            column_count=len(table.columns),
            default_target=table.default_target,
            task=task,
            licence=table.licence or None,
            source=table.source or None,
            notes=None,
            created_at=rfc3339(row.created_at) if row else None,
        )


class DatasetInFull(Dataset):
    """A dataset with what its columns hold."""

    columns: list[DatasetColumn]
    warnings: list[DatasetWarning]

    @classmethod
    def of(cls, head: Dataset, description: Description) -> Self:
        """The same dataset with its description."""
        return cls(
            **head.model_dump(),
            columns=[DatasetColumn.of(column) for column in description.columns],
            warnings=[DatasetWarning.of(remark) for remark in description.remarks],
        )


class Datasets(Shape):
    """A page of the datasets that a submission may name."""

    items: list[Dataset]
    next_cursor: NextCursor


class DatasetPreview(Shape):
    """The first rows of a dataset, in the order of its columns; a missing value is null."""

    columns: list[str]
    rows: list[list[Cell]]
    total_rows: int

    @classmethod
    def of(cls, description: Description, rows: int) -> Self:
        """The first rows of a description, at most so many."""
        return cls(
            columns=[column.name for column in description.columns],
            rows=[list(row) for row in description.head[:rows]],
            total_rows=description.rows,
        )
