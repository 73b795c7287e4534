"""The process that reads an uploaded file: `python -m service.datasets.reading.child FOLDER`.

Bytes from a stranger meet a parser in here and nowhere else. The process limits itself before it loads
anything large: memory, processor time, the size of files, no core dumps. It reads `job.json` and `body` and
writes `content` (compressed canonical bytes) and `report.json`. Whatever goes wrong stays in here. It ends
with whoever started it, who holds the other end of its standard input.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from threading import Thread, stack_size
from typing import Any

from service.datasets.reading.limits import Limits
from service.errors import Fault, InvalidSubmission

SPARE = 64 * 2**20  # bytes of a file: the report, and compressed bytes that take a little more than before
WATCHER_BYTES = 2**18  # of the stack of the thread that waits for the end of standard input
MAPPED = 2**30  # bytes of address space for libraries and for the file itself, beside the memory that counts


def main(folder: Path) -> None:
    """Read one file."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    limits = Limits.from_json(job["limits"])
    limit_process(limits)
    try:
        report = _read(folder, job, limits)
    except InvalidSubmission as error:
        report = {"faults": [asdict(fault) for fault in error.faults]}
    except MemoryError:
        report = {"failure": "memory"}
    text = json.dumps(report, default=str)
    (folder / "report.json").write_text(text, encoding="utf-8")


def end_with_standard_input() -> None:
    """End this process when the other end of its standard input is gone."""
    while os.read(sys.stdin.fileno(), 1):
        continue
    os._exit(1)


def limit_process(limits: Limits) -> None:
    """Take from this process what it must not have; on macOS the kernel does not count memory so."""
    seconds = int(limits.seconds) + 1
    for name, most in (
        ("RLIMIT_DATA", limits.memory),
        ("RLIMIT_AS", limits.memory + MAPPED),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", limits.content + SPARE),
        ("RLIMIT_NOFILE", 64),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (allowed, allowed))
        except (ValueError, OSError):
            if sys.platform == "linux":
                raise


def _read(folder: Path, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    import numpy as np

    from service.datasets import encoding
    from service.datasets.description import Describer
    from service.datasets.reading.csv_columns import open_csv
    from service.datasets.reading.parquet_columns import open_parquet
    from service.datasets.table import canonical_numbers, name_faults, value_faults

    body = folder / "body"
    if job["format"] == "csv":
        source = open_csv(body.read_bytes(), limits, job["decimal"])
    else:
        source = open_parquet(body, limits)
    describer = Describer(source.rows)
    columns, encoded, remarks = [], [], list(source.remarks)
    faults: list[Fault] = []
    size = 0
    for index, typed in enumerate(source.columns):
        values = typed.values
        if isinstance(values, np.ndarray):
            values = canonical_numbers(values)
        faults += value_faults(index, typed.column, values)
        columns.append(typed.column)
        encoded.append(encoding.encode_column(typed.column.kind, values))
        size += len(encoded[-1])
        limits.check_content(size)
        describer.add(typed.column, values)
        remarks += typed.remarks
    faults += name_faults(columns)
    if faults:
        raise InvalidSubmission(faults)
    description = describer.description(job["target"], remarks)
    kinds = [(column.name, column.kind) for column in columns]
    stored = _write(folder / "content", [encoding.encode_header(kinds, source.rows), *encoded])
    return {"table": {**stored, "description": description.to_json()}}


def _write(path: Path, parts: Iterable[bytes]) -> dict[str, Any]:
    """Compress what is written; the hash and the size are those of the bytes before."""
    from service.datasets.packed import COMPRESSION

    digest, compressor, size = hashlib.sha256(), zlib.compressobj(COMPRESSION), 0
    with path.open("wb") as file:
        for part in parts:
            digest.update(part)
            size += len(part)
            file.write(compressor.compress(part))
        file.write(compressor.flush())
    return {"content_hash": digest.hexdigest(), "byte_count": size}


if __name__ == "__main__":
    stack_size(WATCHER_BYTES)  # it counts as memory
    Thread(target=end_with_standard_input, daemon=True).start()
    main(Path(sys.argv[1]))
