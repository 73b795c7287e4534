"""Speed of the core on one thread, in run-epochs per second of processor time, on a task of the digits' size.

    OPENBLAS_NUM_THREADS=1 .venv/bin/python benchmarks/core_speed.py [--profile]

The task: 1,257 training and 270 validation examples of 64 features, a network of 64-64-10 units with relu,
batches of 32, float32.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy is loaded, so before it
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from core.configuration import resolve
from core.environment import environment_class
from core.examples import Examples
from core.members import Member, working_set_bytes
from core.training import EpochReport, Population, train

ROWS, FEATURES, CLASSES = 1797, 64, 10
TRAIN, VALIDATION = 1257, 270
EPOCHS = 12


def digits_like() -> Examples:
    """Return random examples of the digits' size, with classes that can be learned."""
    draw = np.random.default_rng(0)
    inputs = draw.random((ROWS, FEATURES))
    targets = (inputs @ draw.standard_normal((FEATURES, CLASSES))).argmax(axis=1)
    return Examples(inputs, targets.astype(np.int64), CLASSES, "classification")


def members(rates: int, seeds: int, **values: object) -> list[Member]:
    """Return one member for each rate and seed; every seed has training rows of its own."""
    highest = 0.01 if values.get("optimizer") == "adam" else 0.3
    chosen = []
    for seed in range(seeds):
        rows = np.random.default_rng(seed).permutation(ROWS)
        train_rows, validation_rows = np.sort(rows[:TRAIN]), np.sort(rows[TRAIN : TRAIN + VALIDATION])
        for rate in np.geomspace(1e-4, highest, rates):
            settings = {**values, "learning_rate": float(rate), "epochs": EPOCHS}
            configuration = resolve(settings, task="classification")
            chosen.append(Member(configuration, seed, train_rows, validation_rows))
    return chosen


def speed(chosen: list[Member], examples: Examples, repeats: int = 3) -> float:
    """Return the best of some measurements in run-epochs per second of processor time."""
    best = 0.0
    for _ in range(repeats):
        population = Population.start(chosen, examples)
        done = 0

        def count(report: EpochReport) -> None:
            nonlocal done
            done += len(report.members)

        begin = time.process_time()
        train(population, on_epoch=count)
        best = max(best, done / (time.process_time() - begin))
    return best


def main() -> None:
    """Print one line for each case."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--profile", action="store_true", help="profile the first case instead")
    examples = digits_like()
    if arguments.parse_args().profile:
        profile = cProfile.Profile()
        profile.runcall(speed, members(64, 1, loss="mse"), examples, 1)
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)
        return
    print(environment_class())
    first = members(1, 1, loss="mse")[0].configuration
    size = working_set_bytes(
        first, features=FEATURES, outputs=CLASSES, train_rows=TRAIN, validation_rows=VALIDATION
    )
    print(f"working set of one run: {size / 1024:.0f} KiB")
    for optimizer in ("sgd", "momentum", "adam"):
        for loss in ("mse", "cross_entropy"):
            for rates, seeds in ((64, 1), (13, 5)):
                rate = speed(members(rates, seeds, optimizer=optimizer, loss=loss), examples)
                print(f"{optimizer:9} {loss:14} {rates:3} rates x {seeds} seeds  {rate:6.0f} run-epochs/s")
    for runs in (1, 4, 16, 32, 128):
        rate = speed(members(runs, 1, loss="mse"), examples)
        print(f"sgd       mse            {runs:3} rates x 1 seeds  {rate:6.0f} run-epochs/s")


if __name__ == "__main__":
    main()
