"""A key that comes bare is what it says; every other one is looked at by the framework's own rules."""

from __future__ import annotations

import pytest

from service.api.idempotency import MAX_KEY, is_plain, unquoted


@pytest.mark.parametrize("key", ["a", "monday's sweep ~1", ' "late" quotes', "x" * MAX_KEY])
def test_a_bare_key_is_itself(key: str) -> None:
    assert is_plain(key)
    assert unquoted(key) == key


@pytest.mark.parametrize("key", ["", '"quoted"', '"half', "x" * (MAX_KEY + 1), "\u00e9", "a\tb", "a\n"])
def test_what_is_quoted_or_refused_is_not_plain(key: str) -> None:
    assert not is_plain(key)
