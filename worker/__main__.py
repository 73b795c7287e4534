"""A worker: `python -m worker [NAME]`, one training process under one that listens for doorbells.

The training process is spawned, not forked. The main process has a thread with database connections
(worker/upkeep.py), and a fork in their midst is unsafe; nor should what NumPy set up in one process be
copied into another. Measured with Celery 5.7 on two cores, medians, spawned against forked:

    from start to the first task's end     0.77 s   0.48 s
    training process killed in a task:
      its doorbell rings in a new one      0.26 s   0.13 s  (8 kills each)
    killed idle, a new one is ready        0.24 s   0.14 s  (5 kills each)
    main process killed, the other gone    11 ms    9 ms    (5 kills each)

So spawning costs an eighth of a second after a kill, and nothing while training.

SIGTERM and Ctrl-C: no new doorbell is answered, the training process writes its checkpoint and gives its
population back, and both end. Whatever is cut off beyond that is taken over when its lease expires.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from celery import signals
from celery.worker import WorkController

from service.lifecycle.workers import worker_name
from service.settings import InvalidSetting, Settings
from worker.app import TASKS, create_app
from worker.child import MAIN_VARIABLE, NAME_VARIABLE, STOP_SOFTLY
from worker.names import NameInUse, require_free
from worker.upkeep import Upkeep

# BLAS reads these once, when it is loaded.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
# What every x86-64 machine since 2013 (Intel) and 2015 (AMD) can do, and no more.
X86_64_V3 = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}


def start(settings: Settings, name: str, tasks: str = TASKS) -> int:
    """Work until told to stop; the exit code.

    Raises:
        InvalidSetting: a setting is no good on this machine.
        NameInUse: another worker has this name.
    """
    os.environ.update(numerics_environment(settings, platform.machine()))
    os.environ.update({NAME_VARIABLE: name, MAIN_VARIABLE: str(os.getpid())})
    app = create_app(settings, tasks)
    require_free(settings, name)
    worker = app.Worker(
        hostname=name,
        loglevel="INFO",
        quiet=True,  # Celery's banner would end the worker where a full disk takes no line of it
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    _pass_on_the_stop(worker)
    signal.pthread_sigmask(signal.SIG_BLOCK, {STOP_SOFTLY})  # for the training process to inherit
    with Upkeep(settings, name):
        worker.start()
    return int(worker.exitcode or 0)


def numerics_environment(settings: Settings, machine: str) -> Mapping[str, str]:
    """Return the variables that decide what NumPy computes with; they must be set before it is loaded.

    Raises:
        InvalidSetting: kernels are to be pinned on a machine that has not got them.
    """
    if not settings.pin_numerics:
        return ONE_THREAD
    if machine not in {"x86_64", "AMD64"}:
        raise InvalidSetting(
            "BACKSWEEP_PIN_NUMERICS", "1", f"0 on {machine}: the pinned kernels are x86-64's"
        )
    return {**ONE_THREAD, **X86_64_V3}


def _pass_on_the_stop(worker: WorkController) -> None:
    """Tell the training process as soon as the main one is told; otherwise it would be waited for only."""

    def tell(**_from_celery: Any) -> None:
        for process_id in worker.pool.info["processes"] if worker.pool else ():
            with suppress(ProcessLookupError):
                os.kill(process_id, STOP_SOFTLY)

    signals.worker_shutting_down.connect(tell, weak=False)


def main() -> int:
    """Start a worker as the environment says; the exit code."""
    name = sys.argv[1] if len(sys.argv) > 1 else f"w{os.getpid()}"
    try:
        return start(Settings.from_environment(os.environ), worker_name(name))
    except (InvalidSetting, NameInUse) as error:
        print(f"The worker does not start: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
