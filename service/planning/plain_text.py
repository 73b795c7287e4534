"""Text that people send may hold every character except those that hide, reorder or break other text."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

# C0 and C1 controls and DEL, lone surrogates, the line and paragraph separators, and the characters that turn
# the direction of what follows ("Trojan Source", CVE-2021-42574). PostgreSQL refuses NUL, and JSON cannot
# carry surrogates.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_LINE_BREAKS = frozenset("\t\n\r")


def unsafe_character(text: str, *, lines: bool = False) -> str | None:
    """The first character that may not stand in text, as `U+202E`; with `lines`, tabs and line ends may."""
    for found in _UNSAFE.finditer(text):
        if not (lines and found.group() in _LINE_BREAKS):
            return f"U+{ord(found.group()):04X}"
    return None


def normalized(text: str) -> str:
    """The same text in Unicode's composed form (NFC), so that an é typed in two ways is one name."""
    return unicodedata.normalize("NFC", text)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None where none is close."""
    found = difflib.get_close_matches(name.lower()[:100], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Words to follow an unknown name: `; did you mean 'epochs'?`, or nothing."""
    found = nearest(name, known)
    return f"; did you mean {found!r}?" if found else ""
