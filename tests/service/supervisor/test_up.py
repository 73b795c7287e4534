from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from service.settings import Settings
from service.store.database import Database
from service.store.migrate import is_current
from service.supervisor import up
from service.supervisor.home import CannotStart
from service.supervisor.up import Programs, Site, started
from tests.servers.waiting import eventually, runs

ROOT = Path(__file__).parents[3]
# Says which settings it was given, and ends softly when asked.
WORKER = (
    "import json, os, sys, time; "
    "settings = [name for name in os.environ if 'BACKSWEEP' in name]; "
    "print(json.dumps([sys.argv[1], os.getpid(), settings]), flush=True); "
    "time.sleep(60)"
)
WEB = (sys.executable, "-m", "service.supervisor.web")
STAND_INS = Programs(api=(*WEB, "tests.servers.site:create_app"), worker=(sys.executable, "-c", WORKER))
SERVE = """
import os
from service.settings import Settings
from service.supervisor.up import serve
from tests.service.supervisor.test_up import STAND_INS
serve(Settings.from_environment(os.environ), say=lambda text: print(text, flush=True), programs=STAND_INS)
"""


def running_with(argument: Path) -> int:
    """The process that has this on its command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str(argument).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    (process,) = found
    return process


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return {
        "BACKSWEEP_HOME": str(tmp_path / "home"),
        "BACKSWEEP_PORT": str(free_port()),
        "BACKSWEEP_WORKERS": "2",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_environment(environment)


def ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - our own address
        answer: dict[str, Any] = json.load(response)
    return answer


def ask_or_none(url: str) -> dict[str, Any] | None:
    try:
        return ask(url)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return None


def worker_says(settings: Settings, number: int) -> Any:
    log = settings.home / "logs" / f"worker-{number}.log"
    eventually(lambda: log.exists() and log.read_text().strip(), f"worker {number}'s log")
    return json.loads(log.read_text().splitlines()[-1])


@contextmanager
def quietly_started(settings: Settings, programs: Programs = STAND_INS) -> Iterator[tuple[Site, list[str]]]:
    said: list[str] = []
    with started(settings, say=said.append, programs=programs) as site:
        yield site, said


def test_everything_runs_inside_the_block_and_nothing_after_it(settings: Settings) -> None:
    with quietly_started(settings) as (site, said):
        api = ask(site.url)
        workers = [worker_says(settings, number) for number in (1, 2)]
        assert [name for name, _, _ in workers] == ["w1", "w2"]
        processes = [api["pid"], *(process for _, process, _ in workers)]
        assert all(runs(process) for process in processes)
        assert site.link == f"http://127.0.0.1:{settings.port}/#token={site.token}"
        assert (site.workers, said) == (2, [])
    assert not any(runs(process) for process in processes)
    assert not (settings.home / "broker").exists()
    database = Database(settings.database_url)
    assert is_current(database)
    database.dispose()


def test_the_token_is_given_to_the_api_and_the_command_line_and_not_to_workers(settings: Settings) -> None:
    with quietly_started(settings) as (site, _):
        assert ask(site.url)["settings"]["BACKSWEEP_TOKEN"] == site.token
        assert (settings.home / "token").read_text().strip() == site.token
        _, _, variables = worker_says(settings, 1)
        assert "BACKSWEEP_BROKER_URL" in variables
        assert "BACKSWEEP_TOKEN" not in variables
        assert site.token not in repr(site)


def test_what_is_made_in_the_home_folder_is_nobody_elses_to_read(settings: Settings) -> None:
    with quietly_started(settings):
        open_to_others = [
            path
            for path in settings.home.rglob("*")
            if not path.is_socket() and path.stat().st_mode & 0o077 and path.parent == settings.home
        ]
    assert open_to_others == []


def test_a_dead_api_is_replaced_on_the_same_port_while_callers_wait(settings: Settings) -> None:
    with quietly_started(settings) as (site, said):
        before = ask(site.url)["pid"]
        os.kill(before, signal.SIGKILL)
        eventually(lambda: said, "the end of the API is told")
        assert "api ended with code -9" in said[0]
        # Asked while nobody serves: the socket lives on, so this waits and is answered.
        eventually(lambda: ask_or_none(site.url), "the new API is ready")
        assert ask(site.url)["pid"] != before


def test_a_port_in_use_is_told_before_anything_is_started(settings: Settings) -> None:
    with (
        socket.create_server(("127.0.0.1", settings.port)),
        pytest.raises(CannotStart, match=rf"cannot listen on 127\.0\.0\.1:{settings.port}.*BACKSWEEP_PORT"),
        quietly_started(settings),
    ):
        pass
    assert not (settings.home / "logs").exists()


def test_a_home_is_served_once(settings: Settings, environment: dict[str, str]) -> None:
    second = Settings.from_environment({**environment, "BACKSWEEP_PORT": str(free_port())})
    with (
        quietly_started(settings),
        pytest.raises(CannotStart, match=f"already running in .* http://127.0.0.1:{settings.port}"),
        quietly_started(second),
    ):
        pass


def test_an_api_that_does_not_start_is_shown_with_its_reason(settings: Settings) -> None:
    broken = Programs(api=(*WEB, "tests.servers.site:create_broken_app"), worker=STAND_INS.worker)
    with pytest.raises(CannotStart, match="the application has a mistake"), quietly_started(settings, broken):
        pass
    assert not (settings.home / "broker").exists()


def test_an_api_that_never_gets_ready_is_given_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "READY_SECONDS", 0.5)
    deaf = Programs(api=(sys.executable, "-c", "import time; time.sleep(60)"), worker=STAND_INS.worker)
    with pytest.raises(CannotStart, match=r"not ready after 0\.5 s"), quietly_started(settings, deaf):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_in_good_order(
    number: signal.Signals, settings: Settings, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        while "Ctrl-C" not in (line := serving.stdout.readline()):
            assert line, "it ended before it was ready"
        processes = [worker_says(settings, each)[1] for each in (1, 2)]
        serving.send_signal(number)
        told = "Stopping: the workers write checkpoints and hand their runs back.\nStopped.\n"
        assert serving.stdout.read() == told
        assert serving.wait(10) == 0
    assert not any(runs(process) for process in processes)
    assert not (settings.home / "broker").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_killed_broker_is_replaced_under_the_same_address(settings: Settings) -> None:
    with quietly_started(settings) as (_, said):
        configuration = (settings.home / "broker" / "valkey.conf").read_text()
        broker = running_with(settings.home / "broker")
        os.kill(broker, signal.SIGKILL)
        eventually(lambda: said, "the end of the broker is told")
        assert "broker ended with code -9" in said[0]
        assert (settings.home / "broker" / "valkey.conf").read_text() == configuration


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_a_supervisor_that_is_killed(
    settings: Settings, environment: dict[str, str]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        while "Ctrl-C" not in serving.stdout.readline():
            pass
        url = f"http://127.0.0.1:{settings.port}"
        processes = [ask(url)["pid"], *(worker_says(settings, each)[1] for each in (1, 2))]
        serving.kill()
    eventually(lambda: not any(runs(process) for process in processes), "all processes are gone", seconds=3)
    with quietly_started(settings) as (site, _):
        assert ask(site.url)["pid"] not in processes
