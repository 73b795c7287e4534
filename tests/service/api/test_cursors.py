from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.cursors import decode, encode, page
from service.errors import InvalidSubmission


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_a_cursor_gives_back_the_key_that_was_put_in(number: int, value: float) -> None:
    assert decode(encode((number, value, "r_1", None)), (int, float, str, type(None))) == (
        number,
        value,
        "r_1",
        None,
    )


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    with suppress(InvalidSubmission):
        assert isinstance(decode(text, (int, str))[0], int)


@pytest.mark.parametrize(
    "forged",
    [
        b"[1]",
        b"[1,2]",
        b'["a","b"]',
        b'[true,"b"]',
        b'[9007199254740992,"b"]',
        b'[1,"\\u0000"]',
        b'[1,"\\ud800"]',
        b'{"0":1,"1":"b"}',
        b"[1," + b'"' + b"b" * 60000 + b'"]',
        b"[" * 300,
        b"[" + b"9" * 450 + b',"b"]',
        b"\xff",
        b"",
    ],
)
def test_a_forged_cursor_is_refused(forged: bytes) -> None:
    with pytest.raises(InvalidSubmission, match="is not a cursor of this list"):
        decode(base64.urlsafe_b64encode(forged).decode().rstrip("="), (int, str))


@pytest.mark.parametrize("value", [b"[NaN]", b"[Infinity]", b"[1e999]"])
def test_a_number_that_is_not_finite_is_no_key(value: bytes) -> None:
    with pytest.raises(InvalidSubmission):
        decode(base64.urlsafe_b64encode(value).decode().rstrip("="), (float,))


def test_pages_cover_every_item_once() -> None:
    items, seen = list(range(10)), list[int]()
    cursor: str | None = encode((-1,))
    while cursor is not None:
        (last,) = decode(cursor, (int,))
        shown, cursor = page([item for item in items if item > last][:4], 3, lambda item: (item,))
        seen += shown
    assert seen == items
