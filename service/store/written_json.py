"""JSON for the database's columns; what is the same in many rows is written once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Written:
    """A document as the text that is stored."""

    text: str

    @classmethod
    def of(cls, document: Any) -> Self:
        """Write a document."""
        return cls(json.dumps(document))


def as_json(value: Any) -> str:
    """What an engine binds to a column of JSON."""
    return value.text if isinstance(value, Written) else json.dumps(value)
