"""Committed pages come into SQLite's file by themselves, while whoever commits does not copy them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.store.checkpoints import COMMITS, MOST_PAGES, Checkpoints
from service.store.database import Database
from tests.servers.waiting import eventually

PAGE = 4096
Threads = Callable[[], set[threading.Thread]]
OF_A_COMMIT = 1200  # pages: more than SQLite by itself leaves in its log


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/store.db")
    yield database
    database.dispose()


def _write(database: Database, commits: int) -> None:
    for _ in range(commits):
        with database.write() as session:
            session.execute(text("CREATE TABLE IF NOT EXISTS pages (content TEXT)"))
            session.execute(
                text("INSERT INTO pages VALUES (:content)"), {"content": "x" * OF_A_COMMIT * PAGE}
            )


def _copied(database: Database) -> int:
    file = Path(database.engine.url.database or "")
    return file.stat().st_size // PAGE


@pytest.fixture
def threads() -> Threads:
    """Those that a test has started: servers of other tests may have theirs in this process."""

    def found() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name == "checkpoints"}

    before = found()
    return lambda: found() - before


def test_nobody_who_commits_copies_and_a_thread_does_soon(store: Database, threads: Threads) -> None:
    checkpoints = Checkpoints(store)
    try:
        _write(store, COMMITS - 1)
        assert _copied(store) < OF_A_COMMIT  # SQLite alone would have copied it
        assert not threads()
        _write(store, 1)
        before = (COMMITS - 1) * OF_A_COMMIT  # a commit is told of as it begins
        eventually(lambda: _copied(store) >= before, "what was committed is in the file")
    finally:
        checkpoints.close()
    assert not threads()


def test_the_log_is_begun_anew(store: Database) -> None:
    checkpoints = Checkpoints(store)
    try:
        _write(store, 8 * MOST_PAGES // OF_A_COMMIT)
    finally:
        checkpoints.close()
    log = Path(f"{store.engine.url.database}-wal")
    assert log.stat().st_size < 4 * MOST_PAGES * PAGE


def test_what_only_reads_is_not_counted(store: Database, threads: Threads) -> None:
    checkpoints = Checkpoints(store)
    try:
        _write(store, 1)
        for _ in range(2 * COMMITS):
            with store.read() as session:
                session.execute(text("SELECT count(*) FROM pages")).one()
        assert not threads()
    finally:
        checkpoints.close()


def test_only_sqlite_has_such_a_log(database: Database, threads: Threads) -> None:
    checkpoints = Checkpoints(database)
    try:
        _write(database, COMMITS)
        assert bool(threads()) == database.is_sqlite
    finally:
        checkpoints.close()
