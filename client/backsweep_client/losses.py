"""What each recorded epoch of a run measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backsweep_client.numbers import number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Losses:
    """A table with one row per recorded epoch; `score` says what its score columns hold."""

    run: str
    columns: tuple[str, ...]
    score: str | None
    rows: tuple[tuple[float | None, ...], ...]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Losses:
        """Read a loss table; numbers that are not finite are numbers again."""
        rows = tuple(tuple(number(value) for value in row) for row in document["rows"])
        return cls(document["run"], tuple(document["columns"]), document["score"], rows)

    def __len__(self) -> int:
        """How many epochs are there."""
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, float | None]]:
        """Each epoch as a dictionary: `pandas.DataFrame(losses)` is the whole table."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def __getitem__(self, column: str) -> Sequence[float | None]:
        """One column, such as `epoch` or `validation_loss`."""
        try:
            place = self.columns.index(column)
        except ValueError:
            raise KeyError(f"{column!r} is no column; there are {', '.join(self.columns)}") from None
        return [row[place] for row in self.rows]

    def to_numpy(self) -> NDArray[np.float64]:
        """The table as an array (epochs, columns); what was not measured is NaN."""
        import numpy as np

        rows = [[float("nan") if value is None else value for value in row] for row in self.rows]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.columns))
