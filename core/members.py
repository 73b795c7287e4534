"""A member is one run of a population; which runs may train together is decided by shape alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from core.arrays import IntArray
from core.configuration import Configuration
from core.errors import ConfigurationError, DataError, FieldFault, ShapeError
from core.examples import Examples
from core.fields import CLASS_LOSSES, FIELDS, LOSSES, RANGE_TEST
from core.layout import Layout
from core.network import layer_sizes
from core.optimizers import OPTIMIZERS

WITHOUT_SCRATCH = ("sgd", "momentum", "adam", "adamw")  # optimizers that need only gradient and state
# Examples per chunk where a network is only evaluated: a constant, because bits depend on it.
EVALUATION_ROWS = 64


@dataclass(frozen=True, eq=False)
class Member:
    """One configuration with one seed, and the rows that it learns from and is validated on.

    Shapes:
        train_rows       (n,) int64, at least one
        validation_rows  (m,) int64, possibly none

    Raises: ShapeError, and ConfigurationError for a seed that is none.
    """

    configuration: Configuration
    seed: int
    train_rows: IntArray
    validation_rows: IntArray

    def __post_init__(self) -> None:
        if type(self.seed) is not int or self.seed < 0:
            fault = FieldFault("seed", f"{self.seed!r} is not a seed", self.seed, "a whole number from 0")
            raise ConfigurationError((fault,))
        for name in ("train_rows", "validation_rows"):
            rows = getattr(self, name)
            if rows.ndim != 1 or rows.dtype != np.int64:
                raise ShapeError(
                    f"{name} are {rows.dtype} of shape {rows.shape}; allowed: int64 of shape (rows,)"
                )
        if not self.train_rows.size:
            raise ShapeError("train_rows are empty; allowed: at least one row")

    def shape_key(self, examples: Examples) -> tuple[object, ...]:
        """Return the key of the populations that this member may join."""
        return shape_key(
            self.configuration,
            features=examples.features,
            outputs=examples.outputs,
            train_rows=self.train_rows.size,
            validation_rows=self.validation_rows.size,
        )


def check_task(configuration: Configuration, examples: Examples) -> None:
    """Refuse examples of numbers for what needs classes: nothing after this would notice.

    Raises: DataError.
    """
    if examples.task == "classification":
        return
    if configuration.loss in CLASS_LOSSES:
        allowed = ", ".join(name for name in LOSSES if name not in CLASS_LOSSES)
        raise DataError(f"the loss is {configuration.loss} and the targets are numbers; allowed: {allowed}")
    if configuration.class_weight is not None:
        raise DataError(
            f"class_weight is {configuration.class_weight} and the targets are numbers; allowed: null"
        )


def shape_key(
    configuration: Configuration, *, features: int, outputs: int, train_rows: int, validation_rows: int
) -> tuple[object, ...]:
    """Return a key that is equal for runs that may train in one population.

    Free are the seed and every field that FIELDS calls free; of a switch, such as dropout, only whether it is
    off counts. Keys can be sorted.
    """
    return (features, outputs, train_rows, validation_rows, *map(str, _shared_settings(configuration)))


_READ_ALIKE = attrgetter(*(name for name, field in FIELDS.items() if not field.free))
_SWITCHES = tuple((name, field.neutral) for name, field in FIELDS.items() if field.free and field.switch)


def _shared_settings(configuration: Configuration) -> tuple[object, ...]:
    """Return what runs of one population must have in common, the length of an epoch among it."""
    switches = [getattr(configuration, name) == neutral for name, neutral in _SWITCHES]
    return (*_READ_ALIKE(configuration), *switches, configuration.learning_rate_schedule == RANGE_TEST)


def shapes(members: Sequence[Member]) -> int:
    """Return how many different shapes members on the same examples have."""
    return len(
        {
            (member.train_rows.size, member.validation_rows.size, *_shared_settings(member.configuration))
            for member in members
        }
    )


def working_set_bytes(
    configuration: Configuration,
    *,
    features: int,
    outputs: int,
    train_rows: int,
    validation_rows: int,
    keep_best: bool = False,
) -> int:
    """Return the bytes that one more run adds to a population while it trains.

    Counted: parameters, gradients, optimizer state, the copy that an interrupted epoch falls back to, the
    best weights where they are kept, what optimizer, penalties and decay work in, and the arrays of one
    training batch and one chunk of validation, its inputs included.
    """
    sizes = layer_sizes(configuration, features, outputs)
    slots = len(OPTIMIZERS[configuration.optimizer].state_names)
    scratch = sum(
        (
            configuration.optimizer not in WITHOUT_SCRATCH,
            bool(configuration.l1 or configuration.l2),
            bool(configuration.weight_decay),
        )
    )
    best = keep_best or configuration.restore_best
    flat = Layout(sizes).width * (2 * (1 + slots) + 1 + scratch + best)
    batch = (
        train_rows if configuration.batch_size == "full" else min(int(configuration.batch_size), train_rows)
    )
    # Outputs of a layer, their derivative, and the activation's own two arrays.
    training = batch * (features + 4 * sum(sizes[1:]))
    if configuration.dropout:  # outputs and factors, and numbers and flags of at most 9 bytes
        training += batch * 5 * sum(configuration.hidden_layers)
    validation = min(EVALUATION_ROWS, validation_rows) * (features + 3 * sum(sizes[1:]))
    return (flat + training + validation) * np.dtype(configuration.dtype).itemsize + 8 * (
        train_rows + validation_rows
    )
