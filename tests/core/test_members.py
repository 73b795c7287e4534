"""Which runs may train together is decided by shape; rates, seeds and first weights are free."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.errors import ConfigurationError, ShapeError
from core.members import Member, shape_key, working_set_bytes

SIZES: dict[str, Any] = {"features": 64, "outputs": 10, "train_rows": 1257, "validation_rows": 270}


def key(**values: object) -> tuple[object, ...]:
    return shape_key(resolve(values, task="classification"), **SIZES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"learning_rate": 0.1}, {"learning_rate": 5.0}),
        ({"initializer": "he"}, {"initializer": "uniform", "init_scale": 0.2}),
        ({"optimizer": "momentum", "momentum": 0.5}, {"optimizer": "momentum"}),
        ({"optimizer": "adam", "beta1": 0.5}, {"optimizer": "adam", "epsilon": 1e-3}),
        ({"optimizer": "rmsprop", "decay": 0.5}, {"optimizer": "rmsprop"}),
        ({"optimizer": "rprop", "eta_plus": 1.5}, {"optimizer": "rprop", "initial_step_max": 1.0}),
        ({"learning_rate_schedule": "cosine", "warmup_epochs": 2}, {"learning_rate_schedule": "one_cycle"}),
        ({"l1": 0.1}, {"l1": 0.2}),
        ({"l2": 0.1}, {"l2": 0.2}),
        ({"weight_decay": 0.1}, {"weight_decay": 0.2}),
        ({"dropout": 0.1}, {"dropout": 0.2}),
        ({"gradient_clip": 0.1}, {"gradient_clip": 0.2}),
        ({"patience": 3}, {"restore_best": True, "stop_generalization_loss": 5.0}),
    ],
)
def test_what_differs_only_in_numbers_trains_together(
    one: dict[str, object], other: dict[str, object]
) -> None:
    assert key(**one) == key(**other)


@pytest.mark.parametrize(
    "other",
    [
        {"hidden_layers": [32]},
        {"activation": "tanh"},
        {"loss": "mse"},
        {"optimizer": "adam"},
        {"batch_size": 16},
        {"batch_size": "full"},
        {"epochs": 31},
        {"dtype": "float64"},
        {"loss": "binary_cross_entropy"},
        {"l1": 0.1},
        {"l2": 0.1},
        {"weight_decay": 0.1},
        {"dropout": 0.1},
        {"gradient_clip": 0.1},
        {"class_weight": "balanced"},
        {"validate_every": 2},
        {"stop_progress": 0.1},
    ],
    ids=str,
)
def test_what_differs_in_shape_does_not(other: dict[str, object]) -> None:
    assert key() != key(**other)
    assert sorted([key(), key(**other)]), "keys can be put in order"


def test_the_number_of_rows_belongs_to_the_shape() -> None:
    configuration = resolve({}, task="classification")
    assert shape_key(configuration, **SIZES) != shape_key(configuration, **{**SIZES, "train_rows": 1256})


def test_the_working_set_counts_parameters_gradients_state_and_the_copy_to_fall_back_to() -> None:
    plain = working_set_bytes(resolve({"batch_size": 1}, task="classification"), **SIZES)
    adam = working_set_bytes(resolve({"batch_size": 1, "optimizer": "adam"}, task="classification"), **SIZES)
    parameters = 4 * (64 * 64 + 64 + 64 * 10 + 10)
    assert plain > 3 * parameters
    assert 4 * parameters <= adam - plain < 4.1 * parameters  # two moments and their copies


def test_the_working_set_counts_what_else_is_switched_on() -> None:
    def more(**values: object) -> int:
        plain, other = ({"batch_size": 1}, {"batch_size": 1, **values})
        sizes = [working_set_bytes(resolve(each, task="classification"), **SIZES) for each in (plain, other)]
        return sizes[1] - sizes[0]

    parameters = 4 * (64 * 64 + 64 + 64 * 10 + 10)
    for values in ({"l1": 0.1}, {"l2": 0.1}, {"l1": 0.1, "l2": 0.1}, {"weight_decay": 0.1}):
        assert parameters <= more(**values) < 1.1 * parameters
    assert 64 * (2 * 4 + 8 + 1) <= more(dropout=0.5) < 64 * 24  # outputs, factors, numbers, flags
    assert more(gradient_clip=1.0) == 0
    assert parameters <= more(restore_best=True) < 1.1 * parameters
    assert 3 * parameters <= more(optimizer="adagrad") < 3.3 * parameters  # squares, their copy, scratch


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1", None])
def test_a_seed_is_a_whole_number_from_0(seed: Any) -> None:
    with pytest.raises(
        ConfigurationError, match=r"is not a seed \(allowed: a whole number from 0\)"
    ) as caught:
        Member(resolve({}, task="classification"), seed, np.arange(3), np.empty(0, np.int64))
    assert caught.value.faults[0].field == "seed"


def test_rows_are_indices_and_some_must_be_left_to_train_on() -> None:
    configuration = resolve({}, task="classification")
    some, none = np.arange(3), np.empty(0, np.int64)
    assert Member(configuration, 0, some, none).validation_rows.size == 0
    with pytest.raises(ShapeError, match="at least one"):
        Member(configuration, 0, none, some)
    with pytest.raises(ShapeError, match="int64"):
        Member(configuration, 0, some.astype(np.int32), none)
