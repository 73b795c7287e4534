from __future__ import annotations

import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.dispatch import MOST_RINGS, MOST_RINGS_ELSEWHERE, Doorbell, transport

PATIENCE = 1.5  # seconds that a submission may lose to a broker that is down


@contextmanager
def doorbell(url: str | None) -> Iterator[Doorbell]:
    bell = Doorbell(url)
    yield bell
    bell.close()


@contextmanager
def silent_server() -> Iterator[int]:
    """A port that takes connections and never answers, as a stopped server or a broken network does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_each_ring_is_one_message(broker_url: str) -> None:
    with doorbell(broker_url) as bell:
        assert bell.waiting() == 0
        assert bell.ring() is True
        assert bell.ring(4) is True
        assert bell.waiting() == 5


def test_no_more_messages_wait_than_anyone_could_need(broker_url: str) -> None:
    with doorbell(broker_url) as bell:
        for _ in range(3):
            assert bell.ring(MOST_RINGS_ELSEWHERE - 100) is True
        assert bell.waiting() == MOST_RINGS_ELSEWHERE


def test_of_so_many_workers_each_needs_one_message_at_most(broker_url: str) -> None:
    with doorbell(broker_url) as bell:
        bell.ring(5, workers=0)  # one may be about to start
        assert bell.waiting() == 1
        bell.ring(10, workers=3)
        bell.ring(10, workers=3)
        assert bell.waiting() == 3
        bell.ring(2, workers=10)
        assert bell.waiting() == 5


def test_the_file_system_serves_as_well_and_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    with doorbell(f"filesystem://{folder}") as bell:
        assert bell.ring(3) is True
        assert bell.waiting() == 3
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_file_system_is_not_filled_with_messages(tmp_path: Path) -> None:
    with doorbell(f"filesystem://{tmp_path}") as bell:
        bell.ring(10_000)
        assert bell.waiting() == MOST_RINGS["filesystem"]


def test_file_system_messages_never_pass_through_another_file_system(tmp_path: Path) -> None:
    options = transport(f"filesystem://{tmp_path}/b%20c").options
    assert options["store_processed"] is True
    assert options["processed_folder"] == f"{tmp_path}/b c/taken"


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:1/0", "redis+socket://:pw@/nowhere/s.sock", "redis://:pw@nowhere.invalid:6379/0"],
)
def test_a_broker_that_is_down_costs_a_submission_little_and_raises_nothing(url: str) -> None:
    with doorbell(url) as bell:
        begun = time.monotonic()
        assert bell.ring(100) is False
        assert time.monotonic() - begun < PATIENCE
        assert bell.waiting() is None


def test_a_broker_that_is_silent_costs_a_submission_little_and_raises_nothing() -> None:
    with silent_server() as port, doorbell(f"redis://127.0.0.1:{port}/0") as bell:
        begun = time.monotonic()
        assert bell.ring(100) is False
        assert time.monotonic() - begun < PATIENCE


def test_without_a_broker_nothing_is_sent_and_nothing_raised() -> None:
    with doorbell(None) as bell:
        assert bell.ring() is False
        assert bell.waiting() is None


def test_what_is_logged_about_a_broker_has_no_password(caplog: pytest.LogCaptureFixture) -> None:
    with doorbell("redis://:pass-word@127.0.0.1:1/0") as bell:
        bell.ring()
    assert "pass-word" not in caplog.text
    assert "pass-word" not in repr(transport("redis://:pass-word@127.0.0.1:1/0"))
