"""What a person can mend ends `backsweep up` with one sentence, and nothing is left."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

from service.store.database import Database
from service.store.migrate import upgrade
from tests.service.supervisor.test_up import free_port

ROOT = Path(__file__).parents[3]


def up(home: Path, **settings: str) -> str:
    """What the command says before it ends with 1."""
    environment = {"BACKSWEEP_HOME": str(home), "BACKSWEEP_PORT": str(free_port()), "BACKSWEEP_WORKERS": "0"}
    answer = subprocess.run(
        [sys.executable, "-m", "service.cli", "up"],
        cwd=ROOT,
        env={**os.environ, **environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert answer.stderr.startswith("backsweep: ")
    assert answer.stderr.count("\n") == 1
    assert not (home / "broker").exists()
    return answer.stderr


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        said = up(tmp_path / "home", BACKSWEEP_PORT=port)
    assert f"cannot listen on 127.0.0.1:{port}" in said
    assert "set BACKSWEEP_PORT" in said


def test_a_home_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in its way")
    said = up(tmp_path / "file" / "home")
    assert f"the home folder {tmp_path}/file/home cannot be made: Not a directory" in said
    assert "set BACKSWEEP_HOME" in said


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in its way")
    assert "cannot be made: File exists" in up(tmp_path / "home")


def test_a_home_that_cannot_be_written_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    if os.geteuid() == 0:  # who may write everywhere, but in what the kernel makes up
        home = Path("/proc/self/task")
    assert "cannot be written to" in up(home)


def test_a_lock_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    said = up(tmp_path)
    assert f"the home folder {tmp_path} cannot be written to: Is a directory" in said


def test_a_token_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "token").mkdir()
    assert f"the token cannot be written to {tmp_path}/token: Is a directory" in up(tmp_path)


def test_a_log_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in its way")
    said = up(tmp_path)
    assert "the broker cannot be started: " in said
    assert f"{tmp_path}/logs" in said


def test_a_database_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "backsweep.db").write_bytes(b"not a database, but a text" * 100)
    said = up(tmp_path)
    assert f"the database file {tmp_path}/backsweep.db is broken" in said
    assert "file is not a database" in said
    assert "BACKSWEEP_DATABASE_URL" in said


def test_a_database_file_that_is_torn(tmp_path: Path, sqlite_template: Path) -> None:
    content = sqlite_template.read_bytes()
    (tmp_path / "backsweep.db").write_bytes(content[:4096] + b"\xff" * 8192)
    assert "is broken" in up(tmp_path)


def test_a_database_file_of_a_later_version(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/backsweep.db")
    upgrade(database)
    database.dispose()
    with sqlite3.connect(tmp_path / "backsweep.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "was made by a later version of Backsweep" in up(tmp_path)


def test_somebody_elses_database_file(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "backsweep.db") as connection:
        connection.execute("CREATE TABLE runs (mine TEXT)")
    connection.close()
    said = up(tmp_path)
    assert f"the database file {tmp_path}/backsweep.db" in said
    assert "BACKSWEEP_DATABASE_URL" in said


def test_a_database_server_that_does_not_answer(tmp_path: Path) -> None:
    said = up(tmp_path, BACKSWEEP_DATABASE_URL="postgresql://me:secret@127.0.0.1:1/sweeps")
    assert "the database sweeps at 127.0.0.1 cannot be used" in said
    assert "secret" not in said
