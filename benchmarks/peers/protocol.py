"""A peer answers each line with a line: it prepares a task, and trains it as often as it is asked to."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers.task import Task, load


@dataclass(frozen=True)
class Prepared:
    """A task ready to be trained as often as wanted, each time from its first weights.

    `train` returns the training loss of each run's last epoch, over examples as they were trained on.
    """

    train: Callable[[], Iterable[float]]
    facts: dict[str, Any] = field(default_factory=dict)


def serve(prepare: Callable[[Task], Prepared], about: dict[str, str]) -> None:
    """Answer requests until standard input ends; `about` names versions and what computes the products."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to standard error
    _answer(answers, about)
    prepared: Prepared | None = None
    for line in sys.stdin:
        request = json.loads(line)
        if "task" in request:
            prepared = None  # frees the last task's memory first
            prepared = prepare(load(Path(request["task"])))
            prepared.train()  # compiles, warms up
            _answer(answers, prepared.facts)
        elif prepared is not None:
            _answer(answers, _measure(prepared))


def _measure(prepared: Prepared) -> dict[str, Any]:
    """Train once; processor time counts all threads, and leaves out what other programs took."""
    wall, busy = time.perf_counter(), time.process_time()
    losses = prepared.train()
    busy, wall = time.process_time() - busy, time.perf_counter() - wall
    return {"seconds": busy, "wall_seconds": wall, "losses": [float(loss) for loss in losses]}


def _answer(answers: Any, message: dict[str, Any]) -> None:
    answers.write(json.dumps(message) + "\n")
    answers.flush()
