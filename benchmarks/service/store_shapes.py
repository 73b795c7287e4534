"""How the runs and loss rows of a store that is asked are shared out among its sweeps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SEEDS = 10


@dataclass(frozen=True, slots=True)
class Shape:
    """How large one sweep is."""

    name: str
    rates: int
    layers: int
    epochs: int
    method: str = "grid"
    seeds: int = SEEDS
    decays: int = 1
    events: int = 1

    @property
    def runs(self) -> int:
        """Rates times layers times decays times seeds."""
        return self.rates * self.layers * self.decays * self.seeds


HUGE, LARGE, RANDOM = "40,000 runs", "12,000 runs", "10,000 random runs"
LONG, SMALL, SINGLE = "1,000 epochs", "small 1", "single 1"
SCREENED, WHOLE = "1,000 range tests", "all runs"


def one_sweep(*, runs: int, loss_rows: int) -> Sequence[Shape]:
    """All runs in one sweep, a tenth as many settings."""
    rates = round(runs / SEEDS / 4)
    return [Shape(WHOLE, rates, 4, round(loss_rows / (rates * 4 * SEEDS)), events=1000)]


def shapes(*, runs: int, loss_rows: int) -> Sequence[Shape]:
    """Sweeps of together so many runs and loss rows; they shrink with them."""
    scale = runs / 100_000

    def scaled(count: int, least: int = 3) -> int:
        return max(least, round(count * scale))

    first = [
        Shape(HUGE, scaled(500), 4, 20, decays=2, events=scaled(3000)),
        Shape(LARGE, scaled(400), 3, 20),
        Shape(RANDOM, scaled(1000), 1, 20, "random"),
        Shape(LONG, scaled(50), 2, 1000),
        Shape(SCREENED, 1, 4, 20, "range_test", decays=scaled(25)),
        *(Shape(f"single {number}", 1, 1, 10, "random", seeds=1) for number in range(1, scaled(9600) + 1)),
    ]
    others = scaled(200, 1)
    left = runs - sum(shape.runs for shape in first)
    rows = loss_rows - sum(shape.runs * shape.epochs for shape in first)
    found = list(first)
    for number in range(1, others + 1):
        settings = round(left / others / SEEDS * (0.25 + 1.5 * number / others))
        layers = (1, 2, 4)[number % 3]
        epochs = max(2, math.ceil(rows / left * (0.5, 1.0, 1.5)[number % 3]))
        found.append(Shape(f"small {number}", max(1, round(settings / layers)), layers, epochs))
    return found
