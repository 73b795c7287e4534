"""A question that may stay without an answer is asked in a thread of its own, and waited for only so long."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

Answer = TypeVar("Answer")

PATIENCE = 3.0  # seconds; the database's own time-outs are several times as long

_log = logging.getLogger(__name__)


class Probe(Generic[Answer]):
    """Whoever asks while a question is open waits for the same answer: there is one thread at most."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = Lock()
        self._open: _Asked[Answer] | None = None

    def ask(self, question: Callable[[], Answer]) -> Answer | None:
        """The answer, or None where there was none in time, or an error in its place."""
        with self._lock:
            if self._open is None or self._open.answered.is_set():
                self._open = _Asked(question)
            asked = self._open
        return asked.answer if asked.answered.wait(self._patience) else None


class _Asked(Generic[Answer]):
    def __init__(self, question: Callable[[], Answer]) -> None:
        self.answer: Answer | None = None
        self.answered = Event()
        self._question = question
        Thread(target=self._run, name="probe", daemon=True).start()

    def _run(self) -> None:
        try:
            self.answer = self._question()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
            _log.warning("there is no answer (%s)", error)
        finally:
            self.answered.set()
