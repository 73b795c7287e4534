"""Whatever is switched on, and however runs of a population differ in it, their bits are their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator

import core.dropout
from core.configuration import canonical
from core.examples import Examples
from core.members import Member
from core.streams import generator
from core.training import Directive, Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import

# What all members of a population have in common, and fields in which each has one of several values.
MIXES: dict[str, tuple[dict[str, object], dict[str, list[object]]]] = {
    "adagrad": ({"optimizer": "adagrad"}, {"epsilon": [1e-10, 0.1]}),
    "rmsprop": ({"optimizer": "rmsprop"}, {"decay": [0.0, 0.9, 0.99], "epsilon": [1e-8, 1e-2]}),
    "adam": ({"optimizer": "adam"}, {"beta1": [0.9, 0.5], "beta2": [0.999, 0.9], "epsilon": [1e-8, 1e-3]}),
    "momentum": ({"optimizer": "momentum"}, {"momentum": [0.0, 0.5, 0.99]}),
    "rprop": (
        {"optimizer": "rprop", "batch_size": "full", "epochs": 8},
        {"eta_plus": [1.2, 3.0], "eta_minus": [0.5, 0.9], "step_max": [50.0, 0.5], "step_min": [0.0, 1e-6]},
    ),
    "irprop_minus": (
        {"optimizer": "irprop_minus", "batch_size": "full", "epochs": 8, "dtype": "float64"},
        {"initial_step_max": [None, 0.4, 0.5], "eta_plus": [1.2, 2.0]},
    ),
    "schedules": (
        {"optimizer": "nesterov"},
        {
            "learning_rate_schedule": ["constant", "step", "exponential", "cosine", "linear", "one_cycle"],
            "warmup_epochs": [0, 1.3],
        },
    ),
    "dropout": ({"hidden_layers": [9, 5], "activation": "tanh"}, {"dropout": [0.1, 0.5, 0.9]}),
    "clipping": ({"loss": "mse"}, {"gradient_clip": [1e-3, 0.1, 1.0, 1e3]}),
    "penalties": ({"optimizer": "adam"}, {"l1": [1e-4, 0.1, 10.0], "l2": [1e-3, 1.0]}),
    "weight decay": (
        {"optimizer": "adamw", "learning_rate_schedule": "cosine", "end_factor": 0.1},
        {"weight_decay": [1e-3, 0.1, 10.0]},
    ),
    "mae": ({"loss": "mae", "batch_size": 7}, {}),
    "huber": ({"loss": "huber", "activation": "leaky_relu"}, {}),
    "binary cross-entropy": ({"loss": "binary_cross_entropy", "activation": "softsign"}, {}),
    "everything": (
        {"optimizer": "adamw", "hidden_layers": [9, 5], "loss": "huber", "batch_size": 12},
        {
            "learning_rate_schedule": ["one_cycle", "linear", "constant"],
            "dropout": [0.2, 0.7],
            "gradient_clip": [0.01, 1.0],
            "l1": [1e-3, 1e-4],
            "l2": [1e-3, 0.1],
            "weight_decay": [0.01, 0.3],
        },
    ),
}


def of_a_mix(name: str, member: MakeMember, examples: Examples, count: int) -> list[Member]:
    """Return members of which no two neighbours agree in any field, with four seeds and rates up to 0.5."""
    common, varied = MIXES[name]
    members = []
    for place, rate in enumerate(np.geomspace(1e-5, 0.4, count)):
        own = {field: values[place % len(values)] for field, values in varied.items()}
        values = canonical({**common, **own, "learning_rate": float(rate)})
        members.append(member(examples, seed=place % 4, **values))
    return members


@pytest.mark.parametrize("count", [5, 64])
@pytest.mark.parametrize("name", MIXES)
def test_whatever_is_switched_on_a_run_alone_has_its_bits(
    classes: Examples, member: MakeMember, learn: Learn, name: str, count: int
) -> None:
    members = of_a_mix(name, member, classes, count)
    together = learn(members, classes)
    thinned = learn(
        members, classes, answer=lambda report: Directive(drop=(0, 3)) if report.epoch == 2 else None
    )
    for place in (1, 2, count // 2, count - 1):
        alone = learn([members[place]], classes)
        assert together.bits(place) == alone.bits(0)
        if place != 3:
            assert thinned.bits(place) == alone.bits(0)


@pytest.mark.parametrize("name", MIXES)
def test_whatever_is_switched_on_a_resumed_run_ends_in_its_bits(
    classes: Examples, member: MakeMember, learn: Learn, name: str
) -> None:
    members = of_a_mix(name, member, classes, 5)
    whole = learn(members, classes, checkpoints=True)
    for epoch in (1, 3):
        company = [4, 1, 2]  # others have gone, and the order is another
        saved = [whole.checkpoints[place, epoch] for place in company]
        resumed = learn(Population.resume([members[place] for place in company], classes, saved), classes)
        for place, original in enumerate(company):
            assert resumed.curves[place] == whole.curves[original][epoch:]
            assert resumed.endings[place].weights_sha256 == whole.endings[original].weights_sha256


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_a_regression_has_the_same_bits_alone_by_every_loss(
    numbers: Examples, member: MakeMember, learn: Learn, loss: str
) -> None:
    members = [
        member(numbers, seed=place % 2, learning_rate=rate, loss=loss, dropout=0.3)
        for place, rate in enumerate((1e-3, 0.03, 0.3, 3.0, 1e5))
    ]
    together = learn(members, numbers)
    for place, one in enumerate(members):
        assert together.bits(place) == learn([one], numbers).bits(0)


def test_the_comparison_would_notice_dropout_that_is_carried_from_epoch_to_epoch(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: dict[int, Generator] = {}

    def stateful(seed: int, stream: int, _epoch: int = 0, layer: int = 0) -> Generator:
        return carried.setdefault(seed, generator(seed, stream, 0, layer))

    members = [member(classes, dropout=0.5)]
    monkeypatch.setattr(core.dropout, "generator", stateful)
    whole = learn(members, classes, checkpoints=True)
    carried.clear()  # what a killed worker would have lost
    resumed = learn(Population.resume(members, classes, [whole.checkpoints[0, 2]]), classes)
    assert resumed.endings[0].weights_sha256 != whole.endings[0].weights_sha256


def test_the_comparison_would_notice_dropout_that_one_seed_draws_for_another(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = generator(0, 2)
    members = [member(classes, seed=seed, dropout=0.5) for seed in range(2)]
    monkeypatch.setattr(core.dropout, "generator", lambda *_key: shared)
    together = learn(members, classes)
    assert learn([members[1]], classes).bits(0) != together.bits(1)
