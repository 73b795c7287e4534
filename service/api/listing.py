"""A list that was asked for by filter and order, and its cursors, which belong to just that question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from service.api.cursors import decode, encode
from service.errors import Fault, InvalidSubmission
from service.planning.query.reading import OrderBy
from service.store.ordering import Place

NUMBERS = (int, float, type(None))
TEXTS = (str, type(None))


def cursor_at(place: Place, order: Sequence[OrderBy], *question: object) -> str:
    """The cursor behind a place in the list that answers the question."""
    return encode((_spoken(order), _digest(question), *place))


def place_in(cursor: str, order: Sequence[OrderBy], *question: object) -> Place:
    """The place that a cursor of the same question holds.

    Raises:
        InvalidSubmission: it is no cursor of this list.
    """
    # Order and question come first, so that a cursor of another list is told from one that is none.
    spoken = _spoken(order)
    try:
        found, digest, *place = decode(cursor, (str, str, *_types(order)))
    except InvalidSubmission:
        _refuse_another_order(cursor, spoken)
        raise
    if found != spoken:
        raise _of_another(
            cursor, f"is of a list ordered by {found}", f"a cursor of a list ordered by {spoken}"
        )
    if digest != _digest(question):
        raise _of_another(cursor, "is of a list with another filter", "a cursor of the same filter")
    return tuple(place)


def _types(order: Sequence[OrderBy]) -> Sequence[Any]:
    found: list[Any] = []
    for key in order:
        if key.quantity.group == "attributes" and key.quantity.name == "id":
            return [*found, str]
        found.append(TEXTS if key.quantity.kind in ("text", "word", "layers") else NUMBERS)
    return [*found, str]


def _spoken(order: Sequence[OrderBy]) -> str:
    return ", ".join(map(str, order))


def _digest(question: Sequence[object]) -> str:
    text = json.dumps([repr(part) for part in question])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refuse_another_order(cursor: str, spoken: str) -> None:
    """A list by fewer or other keys has cursors of another form."""
    for count in range(1, 7):
        try:
            found, *_ = decode(cursor, (str, str, *[(int, float, str, type(None))] * count))
        except InvalidSubmission:
            continue
        if found != spoken:
            allowed = f"a cursor of a list ordered by {spoken}"
            raise _of_another(cursor, f"is of a list ordered by {found[:200]}", allowed)


def _of_another(cursor: str, message: str, allowed: str) -> InvalidSubmission:
    return InvalidSubmission([Fault("cursor", message, cursor, allowed)])
