"""A dataset's content is read from the database once on each machine, and never trusted without its hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from service.datasets.cache import ContentCache


def content(letter: str, size: int = 100) -> tuple[str, bytes]:
    text = letter.encode() * size
    return hashlib.sha256(text).hexdigest(), text


def test_what_is_kept_is_read_back_and_what_is_not_here_is_nothing(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path / "datasets", 1_000)
    key, text = content("a")
    assert cache.read(key) is None
    cache.keep(key, text)
    assert ContentCache(tmp_path / "datasets", 1_000).read(key) == text
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == [key]


def test_a_damaged_file_is_removed_and_is_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = ContentCache(tmp_path, 1_000)
    key, text = content("a")
    cache.keep(key, text)
    (tmp_path / key).write_bytes(text[:-1] + b"b")
    assert cache.read(key) is None
    assert "damaged" in caplog.text
    assert not (tmp_path / key).exists()


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 300)
    kept = [content(letter) for letter in "abc"]
    for age, (key, text) in enumerate(kept):
        cache.keep(key, text)
        os.utime(tmp_path / key, (1_000 + age, 1_000 + age))
    assert cache.read(kept[0][0]) is not None  # used again, so that b is the oldest now
    cache.keep(*content("d"))
    assert {path.name for path in tmp_path.iterdir()} == {kept[0][0], kept[2][0], content("d")[0]}


def test_what_is_larger_than_the_limit_is_not_kept_and_puts_nothing_out(tmp_path: Path) -> None:
    cache = ContentCache(tmp_path, 300)
    cache.keep(*content("a"))
    cache.keep(*content("b", 301))
    assert [path.name for path in tmp_path.iterdir()] == [content("a")[0]]


def test_a_folder_that_cannot_be_used_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in its way")
    cache = ContentCache(tmp_path / "file" / "datasets", 300)
    cache.keep(*content("a"))
    assert "not kept on this machine" in caplog.text
    assert cache.read(content("a")[0]) is None


def test_a_name_that_is_no_hash_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        ContentCache(tmp_path, 300).read("../token")
