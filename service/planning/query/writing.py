"""Names and texts as a filter writes them."""

from __future__ import annotations

import re


def quoted(text: str, begun: str = "") -> str | None:
    """The text in quotes, in those that were begun if they can be; None if no quotes can hold it."""
    marks = [begun, "'", '"'] if begun and begun in "'\"" else ["'", '"']
    return next((f"{mark}{text}{mark}" for mark in marks if mark not in text), None)


def tag_name(name: str) -> str | None:
    """`tags.course`, or the name between backticks; None if those cannot hold it."""
    if re.fullmatch(r"[\w/-]+", name):
        return f"tags.{name}"
    return None if "`" in name else f"tags.`{name}`"


def tag_condition(name: str, text: str) -> str | None:
    """The filter that finds what has this tag; None if it cannot be written."""
    left, right = tag_name(name), quoted(text)
    return None if left is None or right is None else f"{left} = {right}"
