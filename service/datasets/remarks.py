"""What a person should know of a table that was accepted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing: its kind, the column that it is about (None: the table), and a sentence."""

    kind: str
    column: str | None
    message: str
