"""A table on its way to the service: a file's bytes as they are, anything else written as CSV."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
MEDIA_TYPES = {".csv": CSV, ".parquet": PARQUET, ".pq": PARQUET}

# A path; what has `to_csv` (pandas) or `write_csv` (Polars); columns by name.
DataLike = str | os.PathLike[str] | Mapping[str, Iterable[Any]] | Any


class Upload(NamedTuple):
    """The bytes of a dataset, what they are, and what it is called."""

    content: bytes
    media_type: str
    name: str | None


def as_csv(data: DataLike, name: str | None) -> Upload:
    """What is sent for this dataset.

    Raises:
        OSError: the file cannot be read.
        TypeError, ValueError: it is nothing that can be sent, or columns of unequal length.
    """
    if isinstance(data, Upload):
        return data if name is None else data._replace(name=name)
    if isinstance(data, str | os.PathLike):
        path = Path(data)
        media_type = MEDIA_TYPES.get(path.suffix.lower())
        if media_type is None:
            raise ValueError(f"{path} is no dataset; allowed is a name that ends in .csv or .parquet")
        return Upload(path.read_bytes(), media_type, name or path.stem)
    if name is None:
        raise TypeError("a dataset that is no file needs a name")
    return Upload(_text(data).encode(), CSV, name)


def _text(data: Any) -> str:
    if hasattr(data, "write_csv"):  # Polars
        return str(data.write_csv())
    if hasattr(data, "to_csv"):  # pandas
        return str(data.to_csv(index=False))
    if isinstance(data, Mapping):
        return columns_as_csv(list(data), [list(values) for values in data.values()])
    raise TypeError(
        f"a {type(data).__name__} is no dataset; allowed is a path, a data frame, or columns by name"
    )


def columns_as_csv(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """CSV text whose numbers read back to the same bits; None and NaN are empty cells."""
    lengths = {len(values) for values in columns}
    if len(lengths) > 1:
        raise ValueError(f"columns have unequal lengths: {sorted(lengths)}")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return text.getvalue()


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    plain = value.item() if hasattr(value, "item") else value
    return repr(plain) if isinstance(plain, float) else str(plain)
