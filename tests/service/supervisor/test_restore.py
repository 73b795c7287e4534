"""Backups that are made while others write, and restores that replace only what nobody uses."""

from __future__ import annotations

import hashlib
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from service.cli import cli
from service.lifecycle.owners import local_owner
from service.settings import Settings
from service.store.backup import NoBackup, back_up, examine
from service.store.database import Database
from service.store.migrate import is_current
from service.store.schema import Run, Sweep
from service.supervisor.home import CannotStart, locked
from service.supervisor.restore import restore
from tests.service.api import building


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """A home of its own over a migrated database with one sweep."""
    sweep_of(sqlite_url)
    return Settings.from_environment(
        {"BACKSWEEP_HOME": str(tmp_path / "home"), "BACKSWEEP_DATABASE_URL": sqlite_url}
    )


def sweep_of(url: str) -> None:
    database = Database(url)
    with database.write() as session:
        building.run(session, building.sweep(session, local_owner(session)), 1)
    database.dispose()


def count(url: str) -> int:
    database = Database(url)
    with database.read() as session:
        found = session.scalar(select(func.count()).select_from(Sweep)) or 0
    database.dispose()
    return found


def test_what_was_backed_up_comes_back_and_the_store_of_before_is_kept(
    settings: Settings, tmp_path: Path
) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    sweep_of(settings.database_url)
    assert count(settings.database_url) == 2
    done = restore(settings, made.path)
    assert count(settings.database_url) == 1
    assert done.before is not None
    assert count(f"sqlite:///{done.before}") == 2
    assert stat.S_IMODE(done.store.stat().st_mode) == 0o600
    database = Database(settings.database_url)
    assert is_current(database)
    database.dispose()


def test_a_store_comes_back_in_a_home_whose_name_would_have_a_meaning_in_a_url(
    settings: Settings, tmp_path: Path
) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    odd = Settings.from_environment({"BACKSWEEP_HOME": str(tmp_path / "what? 100%25 #1")})
    done = restore(odd, made.path)
    assert done.store == odd.home / "backsweep.db"
    assert count(odd.database_url) == 1
    assert back_up(odd.database_url, tmp_path / "again.db").path.exists()


def test_a_backup_is_private_whole_and_has_its_hash_beside_it(settings: Settings, tmp_path: Path) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert (tmp_path / "monday.db.sha256").read_text() == f"{made.sha256}  monday.db\n"
    assert examine(made.path) == made
    left = {path.name for path in tmp_path.iterdir() if path.name.startswith((".", "monday"))}
    assert left == {"monday.db", "monday.db.sha256"}


def test_a_backup_is_of_one_moment_although_others_write_meanwhile(
    settings: Settings, tmp_path: Path
) -> None:
    done = threading.Event()

    def write() -> None:  # a sweep has one run or it is not there: a torn copy would have one without
        while not done.is_set():
            sweep_of(settings.database_url)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [back_up(settings.database_url, tmp_path / f"{number}.db") for number in range(4)]
    finally:
        done.set()
        writer.join()
    seen = []
    for backup in made:
        database = Database(f"sqlite:///{backup.path}")
        with database.read() as session:
            sweeps = session.scalar(select(func.count()).select_from(Sweep)) or 0
            assert session.scalar(select(func.count()).select_from(Run)) == sweeps
        database.dispose()
        seen.append(sweeps)
    assert seen == sorted(seen)
    assert count(settings.database_url) >= seen[-1] > 0


def test_nothing_is_overwritten(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "monday.db").write_text("mine")
    with pytest.raises(NoBackup, match="exists already"):
        back_up(settings.database_url, tmp_path / "monday.db")
    assert (tmp_path / "monday.db").read_text() == "mine"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda content: content[:-4096], "not what was backed up"),
        (lambda content: content[:4096] + b"x" * 3000 + content[7096:], "not what was backed up"),
        (lambda _content: b"no database at all", "not what was backed up"),
    ],
)
@pytest.mark.parametrize("hash_is_there", [True, False])
def test_what_is_no_whole_backup_replaces_nothing(
    damage: object, told: str, hash_is_there: bool, settings: Settings, tmp_path: Path
) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    made.path.write_bytes(damage(made.path.read_bytes()))  # type: ignore[operator]
    if not hash_is_there:
        (tmp_path / "monday.db.sha256").unlink()
    with pytest.raises(NoBackup, match=told if hash_is_there else "damaged|no backup"):
        restore(settings, made.path)
    assert count(settings.database_url) == 1
    assert not list(tmp_path.glob("*before*"))


def test_a_store_in_use_is_not_replaced(settings: Settings, tmp_path: Path) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    settings.home.mkdir()
    with locked(settings.home, "http://127.0.0.1:8765"), pytest.raises(CannotStart, match="already running"):
        restore(settings, made.path)
    using = Database(settings.database_url)
    with using.read() as session:
        session.scalar(select(func.count()).select_from(Sweep))
    with pytest.raises(NoBackup, match="in use"):
        restore(settings, made.path)
    using.dispose()
    restore(settings, made.path)


def test_a_store_that_is_gone_or_broken_is_what_a_restore_is_for(settings: Settings, tmp_path: Path) -> None:
    made = back_up(settings.database_url, tmp_path / "monday.db")
    store = Path(settings.database_url.removeprefix("sqlite:///"))
    store.write_bytes(b"broken" * 1000)
    done = restore(settings, made.path)
    assert count(settings.database_url) == 1
    assert done.before is not None
    assert done.before.read_bytes().startswith(b"broken")
    store.unlink()
    assert restore(settings, made.path).before is None
    assert count(settings.database_url) == 1


def test_postgres_is_copied_by_its_own_programs(tmp_path: Path) -> None:
    with pytest.raises(NoBackup, match="pg_dump") as caught:
        back_up("postgresql://me:a-secret@db.example.org/backsweep", tmp_path / "monday.db")
    assert "a-secret" not in str(caught.value)


def test_the_commands_say_what_they_did(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    file = tmp_path / "monday.db"
    made = CliRunner().invoke(cli, ["backup", str(file)])
    assert made.exit_code == 0, made.output
    assert examine(file).sha256 in made.output.replace("\n", "")
    again = CliRunner().invoke(cli, ["backup", str(file)])
    assert again.exit_code == 1
    restored = CliRunner().invoke(cli, ["restore", str(file)])
    assert restored.exit_code == 0, restored.output
    assert "before" in restored.output
