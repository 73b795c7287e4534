"""How much an uploaded table may hold, and what reading it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from service.errors import Fault, InvalidSubmission

Decimal = Literal["point", "comma"]  # the mark in numbers

MAX_FIELD = 10_000  # bytes of one field as it stands in the file
MAX_FAULTS = 10  # of one kind that are told; the file is refused by the first


@dataclass(frozen=True, slots=True)
class Limits:
    """What `BACKSWEEP_MAX_DATASET_*` and `BACKSWEEP_DATASET_*` say: counts, bytes and seconds."""

    rows: int = 1_000_000
    columns: int = 10_000
    cells: int = 20_000_000
    memory: int = 2 * 2**30
    seconds: float = 120.0

    @property
    def content(self) -> int:
        """The bytes that a table's values may take once they are read; some copies of them are made."""
        return self.memory // 8

    def check_content(self, size: int) -> None:
        """Refuse values of more bytes than that.

        Raises:
            InvalidSubmission: with both numbers.
        """
        if size > self.content:
            message = f"the table's values take {size:,} bytes or more"
            allowed = f"at most {self.content:,} bytes, an eighth of BACKSWEEP_DATASET_MEMORY"
            raise InvalidSubmission([Fault("body", message, size, allowed)])

    def check(self, rows: int, columns: int) -> None:
        """Refuse a table that is too large.

        Raises:
            InvalidSubmission: with each count that is too large, and the setting that says so.
        """
        counts = (
            ("rows", rows, self.rows, "BACKSWEEP_MAX_DATASET_ROWS"),
            ("columns", columns, self.columns, "BACKSWEEP_MAX_DATASET_COLUMNS"),
            ("cells", rows * columns, self.cells, "BACKSWEEP_MAX_DATASET_CELLS"),
        )
        faults = [
            Fault("body", f"the table has {found:,} {what}", found, f"at most {most:,} {what}, by {setting}")
            for what, found, most, setting in counts
            if found > most
        ]
        if faults:
            raise InvalidSubmission(faults)

    def to_json(self) -> dict[str, Any]:
        """As another process is told."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Limits:
        """The same limits again."""
        return cls(**document)
