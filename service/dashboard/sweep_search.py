"""What somebody looks for in the list of sweeps: a filter of the query language, or just a part of a name."""

from __future__ import annotations

import re

_CONDITION = re.compile(r"[=<>'\"`(]|\bis\s+(not\s+)?null\b|\bbetween\b.*\band\b", re.IGNORECASE)


def as_filter(text: str) -> str:
    """The filter that is meant; words without any condition are a part of a name."""
    words = text.strip()
    if not words or _CONDITION.search(words):
        return text  # as it is: mistakes are shown at their places in it
    return f"name ilike '%{words}%'"
