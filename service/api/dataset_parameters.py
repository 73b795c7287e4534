"""What may stand in an address about datasets: a name or an id, and what is said of an uploaded table."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from service.api.parameters import UUID7, Cursor
from service.datasets.description import MOST_ROWS
from service.datasets.reading.limits import Decimal
from service.planning.plain_text import normalized, unsafe_character

DATASET_ID = f"^d_{UUID7}$"
DATASET_NAMES = "1 to 100 characters, none of them / or a control character, and not in the form of an id"

DatasetKey = Annotated[
    str,
    Path(max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", description="Its name, or `d_` and a UUIDv7."),
]
PreviewRows = Annotated[
    int, Query(ge=1, le=MOST_ROWS, description="Fewer come where they would make more than 1 MiB.")
]


def _plain(text: str) -> str:
    if found := unsafe_character(text, lines=True):
        raise PydanticCustomError("text", "holds the control character {found}", {"found": found})
    return normalized(text.strip())


def _a_dataset_name(text: str) -> str:
    name = _plain(text)
    if not name or unsafe_character(name) or "/" in name or re.fullmatch(DATASET_ID, name):
        raise PydanticCustomError("name", "is no name for a dataset", {"expected": DATASET_NAMES})
    return name


def _prose(text: str | None) -> str | None:
    return None if text is None else _plain(text) or None


Prose = Annotated[str | None, AfterValidator(_prose)]


class _Query(BaseModel):
    # A misspelt parameter must not be taken for none.
    model_config = ConfigDict(extra="forbid")


class DatasetsQuery(_Query):
    """Which page of the list."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class UploadQuery(_Query):
    """What is said of a table beside its bytes."""

    name: Annotated[str, AfterValidator(_a_dataset_name)] = Field(
        max_length=100, description=f"What a sweep calls it: {DATASET_NAMES}."
    )
    target: Prose = Field(
        default=None,
        max_length=200,
        description="The column that a sweep predicts unless it names others. By default one called target, "
        "label, class, y, outcome or response, else the last that can be predicted.",
    )
    decimal: Decimal | None = Field(
        default=None,
        description="How a CSV file writes 1.5. Without it, a column that only makes sense with commas is "
        "refused.",
    )
    licence: Prose = Field(default=None, max_length=200, description="Under which it may be used.")
    source: Prose = Field(default=None, max_length=1000, description="Where it comes from.")
    notes: Prose = Field(default=None, max_length=2000)
