"""Every process logs in one form, with what it is working at beside each line; secrets and data never.

What a line is about (request, sweep, population) is bound to the work and not to the call that logs: it
travels into threads that the work is handed to, which for one of `threading` takes a copy of the context.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from threading import Event, Thread
from time import sleep
from typing import Any, TextIO

# Whoever logs under these names has handlers of its own, which would write every line twice.
FOLDED_IN = (
    "uvicorn",
    "uvicorn.error",
    "uvicorn.access",
    "celery",
    "celery.task",
    "kombu",
    "amqp",
    "alembic",
)

GATHERED_SECONDS = 0.05  # that a line waits for others at most
MOST_GATHERED = 500  # lines

_about: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039 - nothing changes it


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Have every line that is logged inside the block carry these fields."""
    token = _about.set({**_about.get(), **fields})
    try:
        yield
    finally:
        _about.reset(token)


def configure(
    form: str, level: str = "info", stream: TextIO | None = None, *, gathered: bool = False
) -> None:
    """Log to `stream` (standard error) in this form, and nowhere else; again changes it.

    `gathered` is for a process that writes hundreds of lines in a second: see `Gathered`.
    """
    # No form shows them, and for every line they would be looked up.
    logging.logThreads = logging.logMultiprocessing = False
    handler = (Gathered if gathered else logging.StreamHandler)(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in FOLDED_IN:
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes whole addresses down, queries and all


class Gathered(logging.StreamHandler[TextIO]):
    """Writes lines together, soon; at once those from a warning on, with what came before them.

    Each write lets another thread have the interpreter, and then waits for it: written one by one, the lines
    of a process under load took 8 % of its time.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._lines: list[str] = []
        self._told = Event()
        self._thread: Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record, which is written down as what it is about is known now."""
        try:
            self._lines.append(self.format(record) + self.terminator)
            if record.levelno >= logging.WARNING or len(self._lines) >= MOST_GATHERED:
                self.flush()
            elif not self._told.is_set():
                if self._thread is None:
                    self._thread = Thread(target=self._go_on, name="log", daemon=True)
                    self._thread.start()
                self._told.set()
        except Exception:  # noqa: BLE001 - as every handler of the standard library
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits; also at the process's end."""
        self.acquire()
        try:
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()
        finally:
            self.release()

    def _go_on(self) -> None:
        while self._told.wait():
            sleep(GATHERED_SECONDS)
            self._told.clear()
            with suppress(OSError, ValueError):  # a full disk, or a stream that was closed
                self.flush()


class JsonLines(logging.Formatter):
    """One JSON object on each line: at, level, logger, message, what it is about, and a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record down."""
        document: dict[str, Any] = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **_fields(record),
        }
        if record.exc_info:
            document["traceback"] = self.formatException(record.exc_info)
        return json.dumps(document, ensure_ascii=False, default=str)


class Lines(logging.Formatter):
    """For people: time, level and message, with what it is about at the end."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record down."""
        words = " ".join(f"{name}={value}" for name, value in _about.get().items())
        message = record.getMessage() + (f" ({words})" if words else "")
        line = f"{_instant(record)} {record.levelname:<7} {record.name}: {message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {**_about.get(), **getattr(record, "fields", {})}


def _instant(record: logging.LogRecord) -> str:
    return f"{_second(int(record.created))}.{int(record.msecs):03d}Z"


@lru_cache(maxsize=1)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, tz=UTC).isoformat()[:19]  # for the hundreds of lines in it
