"""The pool's process, the only one that trains: it computes on one thread, and stops softly at a signal."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import cache
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING, Any

from celery.signals import setup_logging, worker_process_init

from service import logs
from service.dispatch import Doorbell
from service.lifecycle.workers import RESTARTS_VARIABLE, register_worker
from service.settings import Settings
from service.store.database import Database
from worker.memory import limit_memory

if TYPE_CHECKING:
    from worker.context import Context  # loads NumPy, which the main process does without

# From the worker's main process: finish the step, write a checkpoint, give the population back.
STOP_SOFTLY = signal.SIGUSR2
# Set by the main process for its children, not by people.
NAME_VARIABLE = "BACKSWEEP_WORKER_NAME"
MAIN_VARIABLE = "BACKSWEEP_WORKER_PROCESS"  # the main process's id
COLLECT_AFTER = 50_000  # more containers made than let go of; Python's own number is 700
FIRST_RINGS = 3  # attempts: on a busy machine the broker may be late once, and nobody else rings
ORPHANED = 3  # the exit code of a training process whose main process is gone

_stopping = Event()


class ThreadsNotLimited(RuntimeError):
    """BLAS would use several threads, and a run's bits depend on their number."""


@cache
def context() -> Context:
    """Return what this process holds for its whole life; the first call announces the worker.

    Raises:
        ThreadsNotLimited: the environment came too late for the BLAS library, or it ignores it.
    """
    from core.compiled import library
    from core.environment import environment_class
    from worker.context import Context

    limit_threads()
    settings = Settings.from_environment(os.environ)
    library.switch(on=settings.compiled)
    limit_memory(settings.worker_memory)
    database = Database(settings.database_url)
    name = os.environ[NAME_VARIABLE]
    digest = database.run(
        lambda session: register_worker(
            session,
            name=name,
            host=socket.gethostname(),
            process_id=os.getppid(),
            environment=environment_class(),
            restarts=int(os.environ.get(RESTARTS_VARIABLE, "0")),
        )
    )
    return Context(database, settings, name, digest, stopping=_stopping)


def limit_threads() -> None:
    """Limit every loaded BLAS and OpenMP library to one thread, and look whether it obeys.

    Small networks ran up to 200 times slower on two threads than on one.
    """
    import numpy as np  # noqa: F401 - its BLAS must be there to be limited
    from threadpoolctl import threadpool_info, threadpool_limits

    threadpool_limits(limits=1)
    several = [
        f"{each['prefix']}: {each['num_threads']}" for each in threadpool_info() if each["num_threads"] != 1
    ]
    if several:
        raise ThreadsNotLimited(f"threads per library: {', '.join(several)}; allowed is 1")


def _begin(**_from_celery: Any) -> None:
    """Make ready before the first ring: a worker counts as alive from here on."""
    _live_no_longer_than_the_main_process()
    import worker.turns  # noqa: F401 - so that the first ring need not
    from worker.calibrating import know_the_machine

    signal.signal(STOP_SOFTLY, _stop_softly)
    # The main process blocks it for its children, so that one sent before this line waits and is not lost.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {STOP_SOFTLY})
    know_the_machine(context())
    _collect_seldom()
    # Work may have waited for this worker, with no message left that says so.
    doorbell = Doorbell(context().settings.broker_url)
    any(doorbell.ring() for _ in range(FIRST_RINGS))
    doorbell.close()


def _collect_seldom() -> None:
    """Keep Python's search for cycles away from what is there for good, and from every few hundred rows.

    Loss rows that wait to be written made it look through everything again and again: 2 % of the core's time.
    Cycles are still found, those with large arrays too, for there are few.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, *gc.get_threshold()[1:])


def _live_no_longer_than_the_main_process() -> None:
    """End with the main process, even if that died before anything could be arranged.

    On Linux Celery has asked the kernel to kill this process then, before it came here. Elsewhere it looks
    for itself: an orphan belongs to another parent.
    """
    main = int(os.environ[MAIN_VARIABLE])
    if os.getppid() != main:
        os._exit(ORPHANED)
    if sys.platform != "linux":
        Thread(target=end_with, args=(main,), name="leash", daemon=True).start()


def end_with(parent: int, look: Callable[[], int] = os.getppid, seconds: float = 1.0) -> None:
    """End this process, without a goodbye, at most so many seconds after its parent has ended."""
    while look() == parent:
        time.sleep(seconds)
    os._exit(ORPHANED)


def _stop_softly(_number: int, _frame: FrameType | None) -> None:
    signal.signal(STOP_SOFTLY, signal.SIG_IGN)  # setting an event within its own setting would wait for ever
    _stopping.set()


def _log_as_told(**_from_celery: Any) -> None:
    logs.configure(Settings.from_environment(os.environ).log_format)


worker_process_init.connect(_begin)
setup_logging.connect(_log_as_told)  # in place of Celery's own, in the main process and in this one
