from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from service.supervisor.home import CannotStart, locked, prepare, write_token

HOLDER = """
import sys, pathlib, time
from service.supervisor.home import locked
with locked(pathlib.Path(sys.argv[1]), "http://127.0.0.1:8765"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_new_home_is_private(tmp_path: Path) -> None:
    home = tmp_path / "a" / "b"
    prepare(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_home_that_others_can_write_to_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(CannotStart, match="chmod go-w"):
        prepare(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o777


def test_the_token_is_its_owners_alone_and_replaces_the_one_before(tmp_path: Path) -> None:
    write_token(tmp_path / "token", "first")
    path = write_token(tmp_path / "token", "second")
    assert path.read_text() == "second\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_home_in_use_is_refused_with_who_uses_it_and_free_when_that_one_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(CannotStart, match=rf"process {holder.pid}, http://127\.0\.0\.1:8765"),
            locked(tmp_path, "the second"),
        ):
            pass
        holder.kill()
    with locked(tmp_path, "the third"):
        assert "the third" in (tmp_path / "lock").read_text()
