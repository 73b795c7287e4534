"""The compose file cannot be tried here with Docker, so its parts are: each command runs on real servers."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from service.cli import cli
from service.variables import documentation
from tests.servers.postgres import create_database, drop_database
from tests.servers.waiting import eventually

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = ("migrate", "api", "worker")
TOKEN = "a-token-only-for-this-test"


def test_our_services_share_one_image_that_the_dockerfile_builds() -> None:
    assert {SERVICES[name]["image"] for name in OURS} == {"backsweep:0.1.0"}
    assert {SERVICES[name]["build"] for name in OURS} == {"."}
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            *sources, _target = line.split()[1:]
            assert all((ROOT / source).exists() for source in sources), line


def test_what_the_dockerfile_copies_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from=)(.+) \S+$", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert {source for line in copied for source in line.split()} == kept


def test_every_command_is_a_verb_of_the_command_line() -> None:
    verbs = {
        command.name or command.callback.__name__ for command in cli.registered_commands if command.callback
    }
    for name in OURS:
        program, verb = SERVICES[name]["command"]
        assert program == "backsweep"
        assert verb in verbs
    assert SERVICES["api"]["healthcheck"]["test"][1:] == ["backsweep", "check"]
    assert "check" in verbs


def test_every_variable_exists_and_every_secret_is_in_the_example() -> None:
    known = {variable for variable, _default, _text in documentation()}
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known
    secrets = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert secrets == example


def test_only_the_loopback_address_is_published() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:8765:8765"]


def test_everything_that_is_waited_for_exists_and_can_be_healthy() -> None:
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            assert name in SERVICES
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]


def test_the_broker_keeps_its_messages_and_asks_for_a_password() -> None:
    command = SERVICES["broker"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert "--requirepass" in command


@pytest.fixture
def environment(postgres_url: str, broker_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The containers' variables, with the test session's servers in place of the compose network's."""
    name = f"compose_{uuid.uuid4().hex}"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    variables = dict(SERVICES["api"]["environment"])
    variables |= {
        "BACKSWEEP_DATABASE_URL": create_database(postgres_url, name),
        "BACKSWEEP_BROKER_URL": broker_url,
        "BACKSWEEP_TOKEN": TOKEN,
        "BACKSWEEP_HOST": "127.0.0.1",
        "BACKSWEEP_PORT": port,
        "BACKSWEEP_HOME": str(tmp_path),
    }
    yield {**os.environ, **variables}
    drop_database(postgres_url, name)


@contextmanager
def _running(service: str, environment: dict[str, str], *more: str) -> Iterator[None]:
    command = [str(Path(sys.executable).parent / "backsweep"), *SERVICES[service]["command"][1:], *more]
    process = subprocess.Popen(
        command, env=environment, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_the_containers_commands_train_a_sweep_on_postgresql(environment: dict[str, str]) -> None:
    backsweep = str(Path(sys.executable).parent / "backsweep")
    subprocess.run([backsweep, "migrate"], env=environment, check=True, capture_output=True, cwd="/")
    with ExitStack() as stack:
        stack.enter_context(_running("api", environment))
        for name in ("w1", "w2"):
            stack.enter_context(_running("worker", environment, name))
        client = stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{environment['BACKSWEEP_PORT']}",
                headers={"Authorization": f"Bearer {TOKEN}"},
                trust_env=False,
            )
        )
        eventually(lambda: _workers(client) == 2, "two workers", seconds=60)
        subprocess.run([backsweep, "check"], env=environment, check=True, capture_output=True, cwd="/")
        sweep = {"dataset": "iris", "seeds": 3, "parameters": {"learning_rate": {"values": [0.01, 0.1]}}}
        answer = client.post("/api/v1/sweeps", json=sweep)
        assert answer.status_code == 201, answer.text
        path = f"/api/v1/sweeps/{answer.json()['id']}"
        eventually(lambda: client.get(path).json()["state"] == "completed", "it is completed", seconds=60)
        assert "is best" in client.get(f"{path}/summary").json()["headline"]


def _workers(client: httpx.Client) -> int:
    try:
        return int(client.get("/readyz").json()["workers"]["live"])
    except httpx.TransportError:
        return 0
