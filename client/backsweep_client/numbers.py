"""Numbers as the service writes them: what is not finite is a word in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def number(value: Any) -> float | None:
    """A number that JSON may hold as a word; None stays None."""
    return None if value is None else known(value)


def known(value: float | str) -> float:
    """A number that is there, but may be a word."""
    return WORDS[value] if isinstance(value, str) else float(value)


def plain(value: Any) -> str:
    """A value of a setting as people write it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "[" + ", ".join(map(plain, value)) + "]"
    return str(value)


def setting_in_words(setting: Mapping[str, Any]) -> str:
    """`learning_rate 0.1, hidden_layers [64]`."""
    return ", ".join(f"{name} {plain(value)}" for name, value in setting.items()) or "(one setting)"
