"""A second database, for the quiet run that a disturbed one is compared with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def second_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database beside the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'second.db')}"
