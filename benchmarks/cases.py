"""A case is a way of training that is compared; its task holds the same numbers for everyone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.task import Task
from core.configuration import resolve
from core.examples import Examples
from core.members import Member
from core.rows import RowSets
from core.training import Population

DIGITS = Path(__file__).parent.parent / "service/datasets/builtin/digits.csv"
DARKEST = 16.0  # of a pixel
CLASSES = 10
ROWS = 1257  # 70 % of the digits, what a sweep trains on by default; nobody validates
ROWS_SEED = 0


@dataclass(frozen=True, slots=True)
class Case:
    """Many learning rates on the digits; rates stay where no run diverges, because that would be less work.

    `required` and `wanted` say how many times a peer's speed is asked of Backsweep.
    """

    name: str
    optimizer: str
    loss: str
    lowest: float  # learning rate
    highest: float
    required: dict[str, float]
    rates: int = 256
    seeds: int = 1
    width: int = 64
    rows: int = ROWS
    longer: int = 1  # times as many epochs, where runs are few


MANY = {"JAX vmap": 1.0, "PyTorch vmap": 3.0, "scikit-learn": 12.0}
ALONE = {"scikit-learn": 1.0}
WANTED = {"JAX vmap": 1.5}
REFERENCE = Case("sgd, mse (reference)", "sgd", "mse", 1e-3, 1.0, MANY)
CASES = (
    REFERENCE,
    Case("momentum, mse", "momentum", "mse", 1e-4, 0.1, MANY),
    Case("adam, mse", "adam", "mse", 1e-4, 1e-2, MANY),
    Case("sgd, cross_entropy", "sgd", "cross_entropy", 1e-3, 0.3, MANY),
    Case("momentum, cross_entropy", "momentum", "cross_entropy", 1e-4, 0.03, MANY),
    Case("adam, cross_entropy", "adam", "cross_entropy", 1e-4, 1e-2, MANY),
    replace(REFERENCE, name="sgd, mse, 20 seeds x 13 rates", rates=13, seeds=20),
    replace(REFERENCE, name="one network alone", rates=1, lowest=0.1, required=ALONE, longer=8),
)


def task_of(case: Case, epochs: int) -> Task:
    """Make the task: scaled digits, and first weights and orders as the core draws them."""
    inputs, classes = _digits(case.rows)
    examples = Examples(inputs, classes, CLASSES, "classification")
    rows = np.arange(len(classes))
    seeds = tuple(range(case.seeds))
    settings = {"hidden_layers": [case.width], "loss": case.loss, "optimizer": case.optimizer}
    configuration = resolve(settings, task="classification")
    members = [Member(configuration, seed, rows, rows[:0]) for seed in seeds]
    first = Population.start(members, examples)
    parameters = [first.parameters(run) for run in range(len(members))]
    orders = [[RowSets([rows], [seed]).order(epoch)[0] for epoch in range(1, epochs + 1)] for seed in seeds]
    return Task(
        inputs=inputs.astype(np.float32),
        classes=classes,
        outputs=CLASSES,
        rates=np.geomspace(case.lowest, case.highest, case.rates),
        seeds=seeds,
        orders=np.array(orders),
        weights=tuple(
            np.stack([tensors[f"layers.{layer}.weight"] for tensors in parameters]) for layer in (0, 1)
        ),
        loss=case.loss,
        optimizer=case.optimizer,
        batch=32,
    )


def thinned(task: Task, rates: int, seeds: int) -> tuple[Task, NDArray[np.int64]]:
    """Return the task with fewer runs, evenly chosen, and which runs of the whole task they are.

    For peers that train one network after the other, whose time per run does not depend on how many follow.
    """
    rate = np.unique(np.linspace(0, len(task.rates) - 1, rates).round().astype(np.int64))
    seed = np.unique(np.linspace(0, len(task.seeds) - 1, seeds).round().astype(np.int64))
    fewer = replace(
        task,
        rates=task.rates[rate],
        seeds=tuple(task.seeds[position] for position in seed),
        orders=task.orders[seed],
        weights=tuple(weight[seed] for weight in task.weights),
    )
    return fewer, (seed[:, None] * len(task.rates) + rate).reshape(-1)


def _digits(rows: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return `rows` of the digits in a fixed random order, over and over where there are not so many."""
    table = np.loadtxt(DIGITS, delimiter=",", skiprows=1)
    table = np.resize(np.random.default_rng(ROWS_SEED).permutation(table), (rows, table.shape[1]))
    return np.ascontiguousarray(table[:, :-1] / DARKEST), table[:, -1].astype(np.int64)
