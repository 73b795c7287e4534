"""Cost grows with runs, width and examples; each is varied alone, around the reference task."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.cases import CLASSES, REFERENCE, Case, task_of
from benchmarks.contenders import BACKSWEEP, Running
from benchmarks.peers.task import Task

RUNS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
WIDTHS = (8, 16, 32, 64, 128, 256, 512)
EXAMPLES = (100, 300, 1000, 3000, 10_000)
RUNS_ELSEWHERE = 32  # where width or examples vary
RUN_EPOCHS = 300  # about as many in each measurement, so that none is too short to be timed
STABLE = 0.03  # a learning rate at which the widest network does not diverge


@dataclass(frozen=True, slots=True)
class Point:
    """One size and what it costs."""

    size: int
    operations: float  # floating-point, of one run and epoch, in matrix products alone
    speeds: dict[str, float]  # run-epochs per second, by contender


@dataclass(frozen=True, slots=True)
class Growth:
    """How speed changes with one size, the rest being equal."""

    what: str
    points: tuple[Point, ...]


def measure_growth(running: Sequence[Running], rounds: int, folder: Path, *, every: int) -> Iterator[Growth]:
    """Vary runs, width and examples; `every` leaves out sizes in between."""
    base = replace(REFERENCE, lowest=1e-3, highest=STABLE)
    fixed = replace(base, rates=RUNS_ELSEWHERE)
    variants = (
        ("runs in one population", [(runs, replace(base, rates=runs)) for runs in RUNS]),
        ("hidden units", [(width, replace(fixed, width=width)) for width in WIDTHS]),
        ("training examples", [(rows, replace(fixed, rows=rows)) for rows in EXAMPLES]),
    )
    for what, cases in variants:
        points = [_point(size, case, running, rounds, folder) for size, case in cases[::every]]
        yield Growth(what, tuple(points))


def _point(size: int, case: Case, running: Sequence[Running], rounds: int, folder: Path) -> Point:
    weight = (case.width / REFERENCE.width) * (case.rows / REFERENCE.rows)
    epochs = min(40, max(2, round(RUN_EPOCHS / case.rates / max(1.0, weight))))
    task = replace(task_of(case, epochs), together=True)
    task.save(folder / "growth.npz")
    speeds: dict[str, list[float]] = {peer.contender.name: [] for peer in running}
    for peer in running:
        peer.prepare(folder / "growth.npz")
    for _ in range(rounds):
        for peer in running:
            speeds[peer.contender.name].append(task.runs * epochs / peer.measure()["seconds"])
    return Point(size, _operations(task), {name: median(found) for name, found in speeds.items()})


def _operations(task: Task) -> float:
    """Count products and sums: three matrix products a layer, two for the first, which owes no derivative."""
    rows, features = map(int, task.inputs.shape)
    (width,) = task.hidden
    return 2.0 * rows * (2 * features * width + 3 * width * CLASSES)


def relative_cost(growth: Growth) -> list[float]:
    """Backsweep's time per run and epoch at each size, that of the smallest being 1."""
    speeds = [point.speeds[BACKSWEEP.name] for point in growth.points]
    return [speeds[0] / speed for speed in speeds]
