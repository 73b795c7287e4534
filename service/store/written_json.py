"""JSON for the database's columns; what is the same in many rows is written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    if isinstance(value, Written):
        return value.text
    if not value and type(value) in _EMPTY:
        return _EMPTY[type(value)]
    return json.dumps(value)


_EMPTY: Mapping[type, str] = {dict: "{}", list: "[]", type(None): "null"}  # what most of a new sweep's are
