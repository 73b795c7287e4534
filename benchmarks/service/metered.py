"""The worker's own program and doorbell, with a ledger around the seams between core and recording.

`python -m benchmarks.service.metered NAME` is `python -m worker NAME`, and appends a line of JSON for each
population to a file of the folder that METERED_FOLDER names: processor and wall seconds by account.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from celery import shared_task

from benchmarks.service.ledger import Ledger
from service.dispatch import RING
from service.lifecycle.workers import worker_name
from service.settings import Settings
from worker.child import context
from worker.lost import RingTask

FOLDER = "METERED_FOLDER"
CORE, SETTING_UP, MEASURING = "core", "populations set up", "epochs taken in"
WRITING, CHECKPOINTS, TESTS = "transactions", "checkpoints encoded", "final tests"
HEADLINES, CLAIMING, OTHER_THREADS = "headlines", "claims and the rest", "other threads"

P = ParamSpec("P")
R = TypeVar("R")


@shared_task(name=RING, base=RingTask)  # type: ignore[untyped-decorator]
def ring() -> None:
    """Train until nothing is queued, as the worker's own doorbell does, and write down the time it took."""
    from worker import execution

    here = context()
    while not here.stopping.is_set():
        ledger = Ledger()
        undo = book(ledger)
        began = time.process_time()
        try:
            with ledger.account(CLAIMING):
                found = execution.execute_next(here)
        finally:
            undo()
        if not found:
            return
        of_the_process = time.process_time() - began
        seconds = dict(ledger.seconds())
        elsewhere = of_the_process - sum(processor for processor, _ in seconds.values())
        _write(seconds | {OTHER_THREADS: (max(0.0, elsewhere), 0.0)})


def book(ledger: Ledger) -> Callable[[], None]:
    """Put the ledger where worker/ calls core/ and the database; what is returned takes it away again.

    Where the worker's code no longer has one of these names, this fails instead of booking nothing.
    """
    from core.evaluation import Trained
    from core.training import Population
    from service.lifecycle.keep_headline import keep_headlines
    from worker import execution, recording
    from worker.network_training import NetworkTraining

    def on(name: str, function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def booked(*positional: P.args, **named: P.kwargs) -> R:
            with ledger.account(name):
                return function(*positional, **named)

        return booked

    class Recorder(recording.Recorder):
        on_epoch = on(MEASURING, recording.Recorder.on_epoch)
        flush = on(WRITING, recording.Recorder.flush)

    places = (
        (NetworkTraining, "run", on(CORE, NetworkTraining.run)),
        (Trained, "__init__", on(CORE, Trained.__init__)),
        (Trained, "on", on(CORE, Trained.on)),
        (NetworkTraining, "test", on(TESTS, NetworkTraining.test)),
        (execution, "training_of", on(SETTING_UP, execution.training_of)),
        (execution, "Recorder", Recorder),
        (recording, "keep_headlines", on(HEADLINES, keep_headlines)),
        (Population, "checkpoint", on(CHECKPOINTS, Population.checkpoint)),
    )
    before = [(place, name, getattr(place, name)) for place, name, _ in places]
    for place, name, booked in places:
        setattr(place, name, booked)

    def undo() -> None:
        for place, name, original in before:
            setattr(place, name, original)

    return undo


def read(folder: Path, populations: int, patience: float = 5.0) -> dict[str, tuple[float, float]]:
    """Sum what a site's workers wrote down: processor and wall seconds by account.

    A population's line comes a moment after its end.

    Raises:
        TimeoutError: so many populations are not there after so many seconds.
    """
    deadline = time.monotonic() + patience
    while len(lines := _lines(folder)) < populations:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(lines)} of {populations} populations are accounted for")
        time.sleep(0.01)
    total: dict[str, tuple[float, float]] = {}
    for line in lines:
        for name, (processor, wall) in json.loads(line).items():
            so_far = total.get(name, (0.0, 0.0))
            total[name] = so_far[0] + processor, so_far[1] + wall
    return total


def _lines(folder: Path) -> list[str]:
    return [
        line for path in folder.glob("*.jsonl") for line in path.read_text(encoding="ascii").split("\n")[:-1]
    ]


def _write(seconds: dict[str, tuple[float, float]]) -> None:
    path = Path(os.environ[FOLDER]) / f"{os.getpid()}.jsonl"
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(seconds) + "\n")


def main() -> int:
    """Start a metered worker as the environment says; the exit code."""
    from worker.__main__ import start

    settings = Settings.from_environment(os.environ)
    return start(settings, worker_name(sys.argv[1]), tasks="benchmarks.service.metered")


if __name__ == "__main__":
    raise SystemExit(main())
