"""`backsweep keys`, on the database of this machine and over HTTP."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from service.cli import cli
from service.lifecycle.access import caller_with_key
from service.store.database import Database
from service.store.schema import ApiKey, AuditEntry


@pytest.fixture
def database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The database that the command line's settings name."""
    monkeypatch.setenv("BACKSWEEP_DATABASE_URL", sqlite_url)
    database = Database(sqlite_url)
    yield database
    database.dispose()


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["keys", *map(str, arguments)])


def keys_stored(database: Database) -> int:
    with database.read() as session:
        return len(session.scalars(select(ApiKey.id)).all())


def test_a_class_gets_its_keys_in_a_file_that_nobody_else_can_read(
    database: Database, tmp_path: Path
) -> None:
    names = tmp_path / "class.txt"
    names.write_text("\ufeffAnn Example\n\nBüşra\n=cmd|x\n", encoding="utf-8")
    out = tmp_path / "keys.csv"
    result = run("create", "--owners", names, "--out", out, "--days", 120)
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [row["owner"] for row in rows] == ["Ann Example", "Büşra", "'=cmd|x"]
    with database.read() as session:
        callers = {caller_with_key(session, row["key"]) for row in rows}
        (action,) = set(session.scalars(select(AuditEntry.action)))
    assert len({caller.owner_id for caller in callers if caller}) == 3
    assert action == "make_keys"
    assert rows[0]["key"] not in result.output
    assert rows[0]["link"] == f"http://127.0.0.1:8765/#token={rows[0]['key']}"


def test_thirty_numbered_owners_take_one_word(database: Database) -> None:
    result = run("create", "--count", 30, "--json")
    made = json.loads(result.output)["items"]
    assert [key["owner"] for key in made][::29] == ["student01", "student30"]
    assert keys_stored(database) == 30


def test_a_key_that_is_revoked_is_listed_as_such(database: Database) -> None:
    run("create", "ann", "ben")
    listed = json.loads(run("list", "--json").output)["items"]
    (ann,) = [key for key in listed if key["owner"]["name"] == "ann"]
    assert run("revoke", ann["id"]).exit_code == 0
    assert run("revoke", "--owner", "ben").exit_code == 0
    rows = list(csv.DictReader(run("list").output.splitlines()))
    assert {row["is_valid"] for row in rows} == {"False"}


def test_nothing_is_made_when_the_file_cannot_be_written_or_a_name_is_bad(
    database: Database, tmp_path: Path
) -> None:
    there = tmp_path / "keys.csv"
    there.write_text("precious")
    result = run("create", "ann", "--out", there)
    assert (result.exit_code, there.read_text()) == (2, "precious")
    assert "is there already" in result.output
    missing = tmp_path / "other.csv"
    result = run("create", "x" * 101, "--out", missing)
    assert result.exit_code == 1
    assert "owners[0]" in result.output
    assert not missing.exists()
    assert run("create", "ann", "ann").exit_code == 2
    assert run("create").exit_code == 2
    assert run("create", "--owners", tmp_path / "no.txt").exit_code == 2
    assert run("create", "ann", "--scope", "root").exit_code == 1
    assert keys_stored(database) == 0


def test_what_is_not_there_cannot_be_revoked(database: Database) -> None:
    assert "there is no key 000000000000" in run("revoke", "000000000000").output
    assert "there is no owner 'nobody'" in run("revoke", "--owner", "nobody").output
    assert run("revoke").exit_code == 2
