"""A reader may be slow, greedy or struck down: whoever sent the table is told, and nothing else happens."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import psutil
import pytest

from service.datasets.packed import unpack
from service.datasets.reading import process
from service.datasets.reading.limits import Limits
from service.datasets.reading.process import Format, UploadedTable, read_upload
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission
from tests.servers.waiting import eventually

LIMITS = Limits(memory=2**29, seconds=30)


def read(folder: Path, body: bytes, form: Format = "csv", limits: Limits = LIMITS) -> UploadedTable:
    (folder / "body").write_bytes(body)
    return read_upload(folder, form, limits, target=None, decimal=None)


def faults(folder: Path, body: bytes, form: Format = "csv", limits: Limits = LIMITS) -> Sequence[Fault]:
    with pytest.raises(InvalidSubmission) as caught:
        read(folder, body, form, limits)
    return caught.value.faults


def test_a_table_comes_back_as_its_canonical_bytes_with_its_description(tmp_path: Path) -> None:
    found = read(tmp_path, b"x,y\n1,a\n2,b\n")
    content = unpack(found.content, found.byte_count)
    assert hashlib.sha256(content).hexdigest() == found.content_hash
    table = Table.decode(content)
    assert table.content_hash == found.content_hash
    assert [column.name for column in found.description.columns] == ["x", "y"]
    assert found.description.head == ((1, "a"), (2, "b"))


def test_a_slow_reader_is_stopped_and_the_time_is_told(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, b"x\n1\n", limits=Limits(seconds=0.01))
    assert "longer than 0.01 seconds" in fault.message
    assert "BACKSWEEP_DATASET_SECONDS" in str(fault.allowed)


def test_a_reader_that_needs_too_much_memory_ends_and_it_is_told(tmp_path: Path) -> None:
    body = b"x,y\n" + b"1.234567,7.654321\n" * 1_500_000
    (fault,) = faults(tmp_path, body, limits=Limits(rows=2_000_000, memory=80 * 2**20, seconds=60))
    assert "needs more than 80 MiB" in fault.message
    assert "BACKSWEEP_DATASET_MEMORY" in str(fault.allowed)


def test_pages_that_are_damaged_are_told_without_a_path_of_ours(tmp_path: Path) -> None:
    body = io.BytesIO()
    pl.DataFrame({"x": range(1000), "y": [str(i) for i in range(1000)]}).write_parquet(body)
    damaged = bytearray(body.getvalue())
    damaged[4:200] = bytes(value ^ 0x5A for value in damaged[4:200])
    (fault,) = faults(tmp_path, bytes(damaged), "parquet")
    assert fault.message.startswith("could not be read")
    assert str(tmp_path) not in fault.message


def test_the_reader_gets_no_secret_and_its_threads_are_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSWEEP_TOKEN", "a-secret")
    seen: dict[str, str] = {}
    run = subprocess.run

    def spy(*arguments: object, env: dict[str, str], **options: object) -> object:
        seen.update(env)
        return run(*arguments, env=env, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", spy)
    read(tmp_path, b"x\n1\n")
    assert "a-secret" not in seen.values()
    assert seen["POLARS_MAX_THREADS"] == seen["OPENBLAS_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (-signal.SIGSEGV, "", "it ended by SIGSEGV"),
        (-signal.SIGXCPU, "", "took longer than"),
        (-signal.SIGABRT, "memory allocation of 12345 bytes failed", "needs more than"),
        (1, "Traceback\npolars.exceptions.ComputeError: odd\n", "could not be read: ComputeError: odd"),
        (1, "", "could not be read: the reader ended with code 1"),
    ],
)
def test_every_end_of_a_reader_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, said: str, told: str
) -> None:
    def ended(*_arguments: object, stderr: io.BufferedWriter, **_options: object) -> object:
        stderr.write(said.encode())
        return subprocess.CompletedProcess([], code)

    monkeypatch.setattr(subprocess, "run", ended)
    (fault,) = faults(tmp_path, b"x\n1\n")
    assert told in fault.message


def test_a_reader_that_leaves_no_report_is_an_answer_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_run", lambda *_: None)
    assert "left no report" in faults(tmp_path, b"x\n1\n")[0].message


def test_what_is_stored_is_compressed(tmp_path: Path) -> None:
    found = read(tmp_path, b"x\n" + b"1\n" * 50_000)
    assert len(found.content) < found.byte_count / 50
    assert zlib.decompress(found.content).startswith(b"backsweep table 1\n")


def test_a_reader_does_not_outlive_whoever_wants_its_report(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "body")  # the reader waits for a table that never comes
    wanting = (
        "import sys; from pathlib import Path; from service.datasets.reading.limits import Limits; "
        "from service.datasets.reading.process import read_upload; "
        "read_upload(Path(sys.argv[1]), 'csv', Limits(), target=None, decimal=None)"
    )
    parent = subprocess.Popen([sys.executable, "-c", wanting, str(tmp_path)], cwd=process.ROOT)
    try:
        found = psutil.Process(parent.pid)
        eventually(lambda: [each for each in found.children() if each.num_threads() > 1], "a reader reads")
        (reader,) = found.children()
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not reader.is_running() or reader.status() == psutil.STATUS_ZOMBIE, "it is gone")
