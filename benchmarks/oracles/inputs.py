"""What a library is given is what the core draws: tables, first weights, orders and dropped outputs."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.oracles.cases import Case
from core.configuration import Configuration, resolve
from core.dropout import DropoutNumbers
from core.examples import Examples
from core.members import Member
from core.population import Population
from core.rows import RowSets, spans

ROWS, FEATURES, DECIMALS = 28, 3, 4


def tables() -> dict[str, dict[str, Any]]:
    """Return three small tables: a task, inputs (rows, features), targets, and how many outputs they have."""
    draw = np.random.default_rng(1986)
    inputs = draw.standard_normal((ROWS, FEATURES)).round(DECIMALS)
    slopes = draw.standard_normal((FEATURES, 2))
    numbers = (np.tanh(inputs @ slopes) + 0.3 * draw.standard_normal((ROWS, 2))).round(DECIMALS)
    # Of three classes the last is rare, which balancing sees.
    scores = inputs @ draw.standard_normal((FEATURES, 3)) - [0.0, 0.3, 1.2]
    zeros = inputs.copy()
    zeros[::3] = 0.0
    targets = numbers.copy()
    targets[::2] = 0.0
    return {
        "numbers": _table("regression", inputs, numbers, 2),
        "classes": _table("classification", inputs, scores.argmax(axis=1), 3),
        "zeros": _table("regression", zeros, targets, 2),
    }


def start(case: Case, table: dict[str, Any]) -> dict[str, Any]:
    """Return the rows that a case trains on and is validated on, its first weights and each epoch's order."""
    configuration = resolve(case.values, task=table["task"])
    rows = np.random.default_rng(case.seed).permutation(len(table["inputs"]))
    training, validation = rows[: case.train_rows], rows[case.train_rows :]
    member = Member(configuration, case.seed, training, validation)
    population = Population.start([member], examples(table))
    full = configuration.batch_size == "full"
    sets = RowSets([training], None if full else [case.seed])
    return {
        "train_rows": training.tolist(),
        "validation_rows": validation.tolist(),
        "orders": [sets.order(epoch)[0].tolist() for epoch in range(1, configuration.epochs + 1)],
        "parameters": {name: tensor.tolist() for name, tensor in population.parameters(0).items()},
    }


def kept(case: Case, task: str) -> list[Any] | None:
    """Return which outputs stay, 1, or are dropped, 0: by epoch, batch, hidden layer, example and unit."""
    configuration = resolve(case.values, task=task)
    if not configuration.dropout:
        return None
    numbers = DropoutNumbers([configuration.dropout], [case.seed], len(configuration.hidden_layers))
    epochs = []
    for epoch in range(1, configuration.epochs + 1):
        numbers.begin(epoch)
        epochs.append(
            [
                [
                    _stays(numbers, layer, size, configuration)
                    for layer in range(len(configuration.hidden_layers))
                ]
                for size in (stop - start for start, stop in _batches(case, configuration))
            ]
        )
    return epochs


def examples(table: dict[str, Any]) -> Examples:
    """Return a table as the core takes it."""
    kind = np.int64 if table["task"] == "classification" else np.float64
    return Examples(
        np.array(table["inputs"], np.float64),
        np.array(table["targets"], kind),
        table["outputs"],
        table["task"],
    )


def _table(task: str, inputs: np.ndarray, targets: np.ndarray, outputs: int) -> dict[str, Any]:
    return {"task": task, "inputs": inputs.tolist(), "targets": targets.tolist(), "outputs": outputs}


def _batches(case: Case, configuration: Configuration) -> list[tuple[int, int]]:
    size = configuration.batch_size
    return spans(case.train_rows, size if isinstance(size, int) else case.train_rows)


def _stays(numbers: DropoutNumbers, layer: int, size: int, configuration: Configuration) -> list[list[int]]:
    shape = (1, size, configuration.hidden_layers[layer])
    stays = np.empty(shape, np.bool_)
    numbers.keep(layer, np.empty(shape), stays)
    found: list[list[int]] = stays[0].astype(int).tolist()
    return found
