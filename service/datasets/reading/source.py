"""A file that is open for reading: what is known before its values are, and the columns to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.datasets.reading.typed import TypedColumn
from service.datasets.remarks import Remark


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose columns can be read once, in order; reading may raise InvalidSubmission."""

    rows: int
    names: Sequence[str]
    columns: Iterator[TypedColumn]
    remarks: Sequence[Remark]
