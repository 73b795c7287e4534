"""A training process that dies is told apart by how: its work is queued again at once, with the cause.

Its main process alone sees the exit status. Signal 9 comes from the kernel when memory is short, or from a
person; Backsweep itself kills a worker only as a whole, main process included. Whether the kernel did it
shows in its own count of the processes it killed for memory.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from billiard.einfo import ExceptionInfo
from celery import Task
from celery.worker.request import Request
from kombu.transport.virtual import QoS
from sqlalchemy.exc import SQLAlchemyError

from service.dispatch import Doorbell
from service.lifecycle.requeue import requeue_lost
from service.lifecycle.verification_lease import requeue_lost_verifications
from service.settings import Settings
from service.store.database import Database
from worker.child import NAME_VARIABLE

# The container's count comes first: the machine's also counts what its neighbours lost.
COUNTS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))
KILLED = 9

_log = logging.getLogger(__name__)


class RingRequest(Request):  # type: ignore[misc]
    """A ring whose training process may die under it.

    Celery calls this in the main process, and takes no further message before it returns: one message at a
    time is prefetched, and this one is not acknowledged yet. So what is leased to this worker by now is the
    dead process's, and never that of the one which takes its place.
    """

    def on_failure(self, exc_info: ExceptionInfo, *arguments: Any, **options: Any) -> Any:
        """Queue the dead process's work again, then go on as Celery does."""
        how = re.search(r"exited prematurely: (signal (\d+)|exitcode (\S+))", str(exc_info.exception))
        if how is not None:
            _requeue(cause(how[1], int(how[2] or 0), _kernel.kills()))
        return super().on_failure(exc_info, *arguments, **options)

    def acknowledge(self) -> None:
        """Acknowledge the message; whether the broker heard it or not, the next one may come."""
        self._let_go_after(super().acknowledge)

    def reject(self, requeue: bool = False) -> None:
        """Give the message back; as above."""
        self._let_go_after(lambda: super(RingRequest, self).reject(requeue=requeue))

    def _let_go_after(self, answer: Callable[[], None]) -> None:
        # Celery only logs that the broker did not answer, and kombu goes on counting the message as one in
        # hand. With one at a time it would never ask for another, although the broker is soon back. What the
        # broker itself still counts comes again after the visibility timeout, and finds nothing.
        if self.acknowledged:
            return
        try:
            answer()
        finally:
            if not self.message.acknowledged:
                QoS.ack(self.message.channel.qos, self.message.delivery_tag)


class RingTask(Task):  # type: ignore[misc]
    """A doorbell."""

    Request = RingRequest


def cause(how: str, number: int, kills: int) -> str:
    """Say how a training process ended, by a signal's number or 0, and why if that is known.

    `kills` is how many processes the kernel has killed for memory in its time.
    """
    if number != KILLED:
        return f"its training process ended with {how}"
    if kills > 0:
        return "its training process was killed by the system, which was out of memory"
    return "its training process was killed (signal 9), by someone or because memory was short"


class Kernel:
    """Counts the processes that were killed for want of memory, by the first count that can be read."""

    def __init__(self, counts: Sequence[Path] = COUNTS) -> None:
        self._counts = tuple(counts)
        self._before = self._read()

    def kills(self) -> int:
        """How many there were since the last time this was asked, or since the beginning."""
        before, self._before = self._before, self._read()
        return self._before - before

    def _read(self) -> int:
        for path in self._counts:
            with suppress(OSError):
                found = re.search(r"^oom_kill (\d+)$", path.read_text(encoding="ascii"), re.MULTILINE)
                if found:
                    return int(found[1])
        return 0


def _requeue(cause: str) -> None:
    name, settings = os.environ[NAME_VARIABLE], Settings.from_environment(os.environ)
    database, doorbell = Database(settings.database_url), Doorbell(settings.broker_url)
    try:
        count = database.run(lambda session: requeue_lost(session, name, cause))
        count += database.run(lambda session: requeue_lost_verifications(session, name, cause))
        _log.warning("%s; %d populations or verifications are queued again", cause, count)
        if count:  # the dead process's message may come back to this worker, which cannot train for a second
            doorbell.ring()
    except SQLAlchemyError:
        _log.warning("%s; its work is queued again when the lease ends", cause, exc_info=True)
    finally:
        doorbell.close()
        database.dispose()


_kernel = Kernel()
