"""A cursor is the sort key of a page's last item: the server keeps nothing, and a reader misses nothing."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import unsafe_character
from service.variables import MOST_INTEGER

Item = TypeVar("Item")
Key = tuple[Any, ...]  # of texts, numbers and None

MOST_CHARACTERS = 6_000


def page(rows: Sequence[Item], limit: int, key: Callable[[Item], Key]) -> tuple[Sequence[Item], str | None]:
    """The first `limit` of `rows` and, if there are more, the cursor behind them."""
    items = rows[:limit]
    return items, encode(key(items[-1])) if len(rows) > limit else None


def encode(key: Key) -> str:
    """The opaque form of a sort key: base64url of its JSON, without padding."""
    text = json.dumps(key, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode("ascii")


def decode(cursor: str, form: Sequence[type | tuple[type, ...]]) -> Key:
    """The sort key in `cursor`, whose members must have the types of `form`.

    Raises:
        InvalidSubmission: it is not a cursor that a page of this list has given.
    """
    try:
        key = json.loads(base64.b64decode(_padded(cursor), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _refused(cursor) from None
    if not isinstance(key, list) or len(key) != len(form):
        raise _refused(cursor)
    if not all(_is_a(member, kind) for member, kind in zip(key, form, strict=True)):
        raise _refused(cursor)
    return tuple(key)


def _padded(cursor: str) -> bytes:
    if len(cursor) > MOST_CHARACTERS:
        raise ValueError(cursor)
    return cursor.encode("ascii") + b"=" * (-len(cursor) % 4)


def _is_a(member: object, kind: type | tuple[type, ...]) -> bool:
    if isinstance(member, bool) or not isinstance(member, kind):
        return False
    if isinstance(member, int):
        return abs(member) <= MOST_INTEGER
    if isinstance(member, float):
        return math.isfinite(member)
    return not isinstance(member, str) or unsafe_character(member) is None


def _refused(cursor: str) -> InvalidSubmission:
    return InvalidSubmission(
        [Fault("cursor", "is not a cursor of this list", cursor, "the next_cursor of a page, unchanged")]
    )
