"""Real worker processes, with a doorbell that only writes down that it rang."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, update

from service.dispatch import Doorbell
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Event, PopulationRow, Worker
from tests.servers.doorbell import RECORD, WAITS
from tests.servers.waiting import eventually, runs
from tests.service.api import building
from worker.child import ORPHANED

ROOT = Path(__file__).parents[2]
WITH_THE_STAND_IN = (
    "import os; from worker.__main__ import start; from service.settings import Settings; "
    "raise SystemExit(start(Settings.from_environment(os.environ), 'w1@here', 'tests.servers.doorbell'))"
)


@dataclass
class Working:
    """A worker's main process and what its doorbell wrote down."""

    process: subprocess.Popen[bytes]
    record: Path
    bell: Doorbell

    def lines(self, word: str) -> list[tuple[int, str]]:
        """The processes and messages that a word was written down for."""
        text = self.record.read_text() if self.record.exists() else ""
        parts = [line.split() for line in text.splitlines()]
        return [(int(process), message) for said, process, message in parts if said == word]

    def rang(self, times: int) -> tuple[int, str]:
        """Wait for so many rings; the process that answered the last one, and its message."""
        eventually(lambda: len(self.lines("rang")) >= times, f"{times} rings")
        return self.lines("rang")[times - 1]


@contextmanager
def working(
    broker_url: str, database_url: str, folder: Path, *, waits: bool = False, log: Path | None = None
) -> Iterator[Working]:
    record = folder / "record"
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder),  # a killed worker leaves an empty folder in it
        "BACKSWEEP_HOME": str(folder),
        "BACKSWEEP_BROKER_URL": broker_url,
        "BACKSWEEP_DATABASE_URL": database_url,
        "BACKSWEEP_LEASE_SECONDS": "3",
        RECORD: str(record),
        WAITS: "1" if waits else "",
    }
    bell = Doorbell(broker_url)
    with (log or folder / "log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", WITH_THE_STAND_IN],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Working(process, record, bell)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        bell.close()


def worker_row(database_url: str) -> Worker | None:
    database = Database(database_url)
    with database.read() as session:
        row = session.scalar(select(Worker))
    database.dispose()
    return row


def test_a_worker_announces_itself_looks_for_work_and_stops_softly_in_the_middle_of_it(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    with working(broker_url, sqlite_url, tmp_path, waits=True) as worker:
        ringing = worker.rang(1)  # nobody else has rung
        row = worker_row(sqlite_url)
        assert row is not None
        assert (row.name, row.process_id, row.stopped_at) == ("w1@here", worker.process.pid, None)

        worker.process.terminate()
        assert worker.process.wait(10) == 0
        assert worker.lines("stopped") == [ringing]
        assert worker.bell.waiting() == 0
        row = worker_row(sqlite_url)
        assert row is not None
        assert row.stopped_at is not None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_worker_whose_log_has_no_room_works_and_stops_softly(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    with working(broker_url, sqlite_url, tmp_path, waits=True, log=Path("/dev/full")) as worker:
        ringing = worker.rang(1)
        worker.process.terminate()
        assert worker.process.wait(10) == 0
        assert worker.lines("stopped") == [ringing]


def test_a_killed_training_process_is_replaced_and_its_doorbell_rings_again(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    with working(broker_url, sqlite_url, tmp_path, waits=True) as worker:
        first, _message = worker.rang(1)
        os.kill(first, signal.SIGKILL)
        # By the message that the broker gave back or by the new process's own: either may come first.
        second, _message = worker.rang(2)
        assert second != first
        # And nothing goes on training for a worker that is gone.
        worker.process.kill()
        if sys.platform == "linux":
            eventually(lambda: not runs(second), "the training process is gone", seconds=2)


def test_what_a_killed_training_process_had_is_queued_again_before_its_lease_ends_with_the_cause(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_url)
    with working(broker_url, sqlite_url, tmp_path, waits=True) as worker:
        ringing, _message = worker.rang(1)
        with database.write() as session:
            building.sweep(session, building.owner(session, "local"))
            lease = {"state": "running", "lease_owner": "w1@here", "lease_expires_at": now() + 3_600_000}
            session.execute(update(PopulationRow).values(lease))
        os.kill(ringing, signal.SIGKILL)
        worker.rang(2)
    with database.read() as session:
        population = session.scalar(select(PopulationRow))
        assert population is not None
        assert (population.state, population.leases_lost, population.lease_owner) == ("queued", 1, None)
        document = session.scalars(select(Event.document).where(Event.kind == "lease_expired")).one()
        assert document["cause"].startswith("its training process was killed")
    database.dispose()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_no_training_process_outlives_a_main_process_that_is_killed_at_any_moment(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    # While the training process is being started there is a moment before it has asked to be told.
    for moment in (0.05, 0.15, 0.25, 0.35):
        folder = tmp_path / str(moment)
        folder.mkdir()
        with working(broker_url, sqlite_url, folder) as worker:
            group = worker.process.pid
            eventually(lambda: len(members(group)) > 1, "a second process in the group")  # noqa: B023
            time.sleep(moment)  # no waiting for something: the moment is what is varied
            worker.process.kill()
            worker.process.wait()
            eventually(lambda: not members(group), "nothing is left of it", seconds=5)  # noqa: B023


def members(group: int) -> list[int]:
    """The living processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    found.append(int(entry.name))
    return found


def test_a_training_process_that_no_kernel_watches_ends_when_it_has_another_parent() -> None:
    program = (
        "from worker.child import end_with; looks = iter([7, 7, 1]); "
        "end_with(7, look=lambda: next(looks), seconds=0.01)"
    )
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert answer.returncode == ORPHANED


def test_a_worker_answers_doorbells_from_the_file_system(sqlite_url: str, tmp_path: Path) -> None:
    with working(f"filesystem://{tmp_path}/broker", sqlite_url, tmp_path) as worker:
        worker.bell.ring(2)
        worker.rang(3)


def test_a_worker_without_a_broker_says_what_is_missing() -> None:
    command = [sys.executable, "-m", "worker"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "BACKSWEEP_BROKER_URL" in answer.stderr
    assert "Traceback" not in answer.stderr
