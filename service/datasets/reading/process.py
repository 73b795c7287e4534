"""An uploaded file is read in a process of its own, whose end, however it comes, is an answer."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from service.datasets.description import Description
from service.datasets.reading.limits import Decimal, Limits
from service.errors import Fault, InvalidSubmission

_MODULE = re.compile(r"^(\w+\.)+(?=\w+:)")  # in front of an exception's name

log = logging.getLogger(__name__)

Format = Literal["csv", "parquet"]

ROOT = Path(__file__).parents[3]  # what the child imports stands here
ONE_THREAD = ("POLARS_MAX_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
ERRORS_KEPT = 2000  # characters of what the process said, for the log


@dataclass(frozen=True, slots=True)
class UploadedTable:
    """What was read: the compressed canonical bytes, their hash and size before, and the description."""

    content: bytes
    content_hash: str
    byte_count: int
    description: Description


def read_upload(
    folder: Path, form: Format, limits: Limits, *, target: str | None, decimal: Decimal | None
) -> UploadedTable:
    """Read the file `body` in `folder`, which belongs to this call alone.

    Raises:
        InvalidSubmission: with everything that is wrong with the table, or how reading it failed.
    """
    job = {"format": form, "target": target, "decimal": decimal, "limits": limits.to_json()}
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    _run(folder, limits)
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _unreadable("the reader left no report") from None
    if "faults" in report:
        raise InvalidSubmission(Fault(**fault) for fault in report["faults"])
    if "table" not in report:
        raise _too_much_memory(limits)
    table = report["table"]
    return UploadedTable(
        (folder / "content").read_bytes(),
        table["content_hash"],
        table["byte_count"],
        Description.from_json(table["description"]),
    )


def _run(folder: Path, limits: Limits) -> None:
    # No secret of ours is in its environment.
    environment = {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", **dict.fromkeys(ONE_THREAD, "1")}
    command = [sys.executable, "-m", "service.datasets.reading.child", str(folder)]
    with (folder / "errors").open("wb") as errors, _held_pipe() as reading:
        try:
            ended = subprocess.run(  # noqa: S603 - the command is our own
                command,
                stdin=reading,
                stdout=errors,
                stderr=errors,
                env=environment,
                cwd=folder,
                timeout=limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _too_long(limits) from None
    if ended.returncode:
        said = _last_words(folder / "errors").replace(str(folder), "")
        raise _failure(ended.returncode, said, limits)


@contextmanager
def _held_pipe() -> Iterator[int]:
    """The reading end of a pipe that ends with the block, or with this process if it is killed in there."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def _failure(code: int, said: str, limits: Limits) -> InvalidSubmission:
    log.warning("the reader of an upload ended with code %s: %s", code, said)
    if code in (-signal.SIGXCPU, -signal.SIGKILL) and "memory" not in said:
        return _too_long(limits)
    if "memory allocation" in said or "MemoryError" in said or "OutOfMemory" in said:
        return _too_much_memory(limits)
    if code < 0:
        return _unreadable(f"it ended by {signal.Signals(-code).name}")
    last = said.strip().rpartition("\n")[2]
    return _unreadable(_MODULE.sub("", last) or f"the reader ended with code {code}")


def _last_words(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - ERRORS_KEPT))
        return file.read().decode("utf-8", "replace")


def _too_long(limits: Limits) -> InvalidSubmission:
    message = f"reading the table took longer than {limits.seconds:g} seconds"
    return InvalidSubmission(
        [Fault("body", message, None, f"{limits.seconds:g} seconds, by BACKSWEEP_DATASET_SECONDS")]
    )


def _too_much_memory(limits: Limits) -> InvalidSubmission:
    message = f"reading the table needs more than {limits.memory >> 20:,} MiB of memory"
    return InvalidSubmission(
        [Fault("body", message, None, f"{limits.memory >> 20:,} MiB, by BACKSWEEP_DATASET_MEMORY")]
    )


def _unreadable(reason: str) -> InvalidSubmission:
    return InvalidSubmission([Fault("body", f"could not be read: {reason}", None, "CSV or Parquet")])
