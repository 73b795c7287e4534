"""A test whose server cannot be had is skipped with the reason, and fails where CI=true."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(what: str, how: str) -> NoReturn:
    """End the test; `how` says what would have to be there."""
    message = f"{what} cannot be had here: {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
