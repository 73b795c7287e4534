"""An idempotency key is one text, whether or not it comes as the quoted string of the header's draft.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ makes it a String of RFC 8941 in
quotes; most programs send it bare. Both forms of a key are one key.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

MAX_KEY = 255  # characters
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_PLAIN = re.compile(r"[ !#-~][ -~]*")
_ESCAPED = re.compile(r'\\(["\\])')


def unquoted(header: str | None) -> str | None:
    """The key that this header names.

    Raises: PydanticCustomError if it begins as a quoted string and is none, or names nothing.
    """
    if header is None or not header.startswith('"'):
        return header
    found = _STRING.fullmatch(header)
    if found is None or not found[1]:
        allowed = 'printable ASCII, bare or as one string in "", in which \\" and \\\\ are escaped'
        raise PydanticCustomError("idempotency_key", "is no string in quotes", {"expected": allowed})
    return _ESCAPED.sub(r"\1", found[1])


def is_plain(header: str) -> bool:
    """Whether a header names what it holds: a key of a right form that comes bare."""
    return len(header) <= MAX_KEY and _PLAIN.fullmatch(header) is not None


IdempotencyKey = Annotated[
    str | None,
    Header(
        max_length=MAX_KEY,
        pattern="^[ -~]+$",
        description="Printable ASCII, bare or in quotes. The same body with the same key is answered with "
        "the same sweep for as long as it exists, another body is 422; of two requests at once one stores.",
    ),
    AfterValidator(unquoted),
]
