"""An upload goes from the network to a file of ours, and from there through a reader of its own to the store.

The event loop only passes bytes on: writing, reading and storing happen in threads, the parsing in a
process. How many uploads come in at once, and how many are read at once, is bounded; whoever is too much is
told when to come again.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from service.api.gate.media_types import TABLES
from service.datasets.reading.limits import Decimal, Limits
from service.datasets.reading.process import Format, UploadedTable, read_upload
from service.errors import Busy, Fault, InvalidSubmission
from service.settings import Settings

Result = TypeVar("Result")

FORMATS: dict[str, Format] = dict(zip(TABLES, ("csv", "csv", "parquet"), strict=True))
UPLOADS_FOR_A_READER = 16  # come in or wait at once; thirty students have room with two readers
LONGEST_WAIT = 30.0  # seconds for a reader
LONGEST_UPLOAD = 600.0  # seconds for the body: 128 MiB at 1.7 Mbit/s
WRITTEN_AT_ONCE = 2**20  # bytes
LEFTOVER_AGE = 3600.0  # seconds: older folders belong to a process that was killed


class Uploads:
    """The places of one process: `readers` files are read at once."""

    def __init__(self, readers: int = 2) -> None:
        self._readers = asyncio.Semaphore(readers)
        self._left = readers * UPLOADS_FOR_A_READER

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one upload.

        Raises:
            Busy: all are taken.
        """
        if self._left <= 0:
            raise Busy("so many datasets are being uploaded that none is taken on now; try again")
        self._left -= 1
        try:
            yield
        finally:
            self._left += 1

    @asynccontextmanager
    async def reader(self) -> AsyncIterator[None]:
        """A reader, once one is free.

        Raises:
            Busy: none was free for long.
        """
        try:
            await asyncio.wait_for(self._readers.acquire(), LONGEST_WAIT)
        except TimeoutError:
            raise Busy("so many datasets are being read that this one cannot be now; try again") from None
        try:
            yield
        finally:
            self._readers.release()


async def take_in(
    uploads: Uploads,
    settings: Settings,
    request: Request,
    target: str | None,
    decimal: Decimal | None,
    keep: Callable[[UploadedTable], Result],
) -> Result:
    """Receive the body of a request, read it as a table, and keep that; what keeping it answers.

    Raises:
        Busy: too many are at it.
        InvalidSubmission: with everything that is wrong with the table.
        HTTPException: the body has too many bytes (413), or takes too long (408).
    """
    form, limits = _format_of(request), _reading_limits(settings)
    with uploads.place(), upload_folder(settings.home) as folder:
        await receive(request, folder / "body")
        async with uploads.reader():
            table = await run_in_threadpool(read_upload, folder, form, limits, target=target, decimal=decimal)
            return await run_in_threadpool(keep, table)


@contextmanager
def upload_folder(home: Path) -> Iterator[Path]:
    """A folder for one upload, gone afterwards with what is in it. Nothing of its name is the client's."""
    root = home / "uploads"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear_leftovers(root)
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def receive(request: Request, path: Path) -> None:
    """Write the body of a request into a file.

    Raises:
        InvalidSubmission: there is none.
        HTTPException: it has too many bytes (413), or takes too long (408).
    """
    size = 0
    with await run_in_threadpool(path.open, "wb") as file:
        try:
            async with asyncio.timeout(LONGEST_UPLOAD):
                async for block in _blocks(request):
                    size += len(block)
                    await run_in_threadpool(_write, file, block)
        except TimeoutError:
            raise HTTPException(408, f"The body did not arrive within {LONGEST_UPLOAD:g} seconds.") from None
    if size == 0:
        raise InvalidSubmission([Fault("body", "is empty", 0, "a CSV or Parquet file")])


def _reading_limits(settings: Settings) -> Limits:
    """What an uploaded table may hold and cost by these settings."""
    return Limits(
        rows=settings.max_dataset_rows,
        columns=settings.max_dataset_columns,
        cells=settings.max_dataset_cells,
        memory=settings.dataset_memory,
        seconds=settings.dataset_seconds,
    )


def _format_of(request: Request) -> Format:
    """CSV or Parquet, by the media type, which the gate has let pass."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in FORMATS:
        raise InvalidSubmission([Fault("body", "is missing", None, ", ".join(FORMATS))])
    return FORMATS[given]


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of a size that is worth a change of threads."""
    waiting = bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= WRITTEN_AT_ONCE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _write(file: BinaryIO, block: bytes) -> None:
    try:
        file.write(block)
    except OSError as error:
        raise Busy(f"the upload cannot be kept on the server's disk now ({error.strerror})") from error


def _clear_leftovers(root: Path) -> None:
    for folder in root.iterdir():
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > LEFTOVER_AGE:
                shutil.rmtree(folder, ignore_errors=True)
