"""A run's bits depend on its configuration, seed and data alone, never on who trains beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator

import core.epoch
import core.rows
from core.configuration import canonical
from core.examples import Examples
from core.fields import ACTIVATIONS, LOSSES, OPTIMIZERS, RPROP_FAMILY
from core.members import Member
from core.streams import generator
from core.training import Directive, EpochReport, Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import


def mixed(member: MakeMember, examples: Examples, count: int, **values: object) -> list[Member]:
    """Return members with rates over five decades and four seeds, the last of them bound to diverge."""
    rates = [*np.geomspace(1e-5, 0.3, count - 1), 1e5]
    return [
        member(examples, seed=place % 4, learning_rate=float(rate), **values)
        for place, rate in enumerate(rates)
    ]


@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "loss": "mse", "batch_size": 5},
        {"optimizer": "momentum", "loss": "cross_entropy", "batch_size": 3, "class_weight": "balanced"},
        {"optimizer": "nesterov", "loss": "mse", "batch_size": 7, "dtype": "float64"},
        {"optimizer": "adam", "loss": "cross_entropy", "batch_size": 4, "hidden_layers": [9, 5]},
        {"optimizer": "adam", "batch_size": 4, "warmup_epochs": 1},
        {"optimizer": "sgd", "batch_size": 4, "dropout": 0.2},
    ],
    ids=lambda values: " ".join(map(str, values.values())),
)
def test_several_batches_in_one_go_are_the_same_as_one_by_one(
    classes: Examples,
    member: MakeMember,
    learn: Learn,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, object],
) -> None:
    members = mixed(member, classes, 6, **values)
    together = learn(members, classes)
    monkeypatch.setattr(core.epoch, "MOST_OPERATIONS", 0)
    one_by_one = learn(members, classes)
    assert [together.bits(place) for place in range(6)] == [one_by_one.bits(place) for place in range(6)]


@pytest.mark.parametrize("count", [5, 64])
@pytest.mark.parametrize(
    "values",
    [
        {"loss": "mse"},
        {"loss": "cross_entropy", "optimizer": "adam", "activation": "tanh"},
        {"optimizer": "nesterov", "activation": "gelu_tanh", "hidden_layers": [9, 5], "batch_size": 7},
        {"loss": "mse", "batch_size": "full", "dtype": "float64", "activation": "elu"},
    ],
    ids=lambda values: " ".join(map(str, values.values())),
)
def test_a_run_alone_and_in_a_population_has_the_same_bits(
    classes: Examples, member: MakeMember, learn: Learn, count: int, values: dict[str, object]
) -> None:
    members = mixed(member, classes, count, **values)
    dropped = {1, count // 2}

    def drop_some(report: EpochReport) -> Directive:
        return Directive(drop=tuple(dropped)) if report.epoch == 2 else Directive()

    together = learn(members, classes)
    thinned = learn(members, classes, answer=drop_some)
    assert together.endings[count - 1].state == "diverged"
    for place in {0, 1, 2, count // 2, count - 2, count - 1}:
        alone = learn([members[place]], classes)
        assert together.bits(place) == alone.bits(0)
        if place not in dropped:
            assert thinned.bits(place) == alone.bits(0)
        else:
            assert thinned.curves[place] == alone.curves[0][:2]


def test_regression_with_two_targets_has_the_same_bits_alone(
    numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    members = mixed(member, numbers, 5, optimizer="momentum", hidden_layers=[])
    together = learn(members, numbers)
    for place, one in enumerate(members):
        assert together.bits(place) == learn([one], numbers).bits(0)


def test_runs_that_share_their_rows_have_the_bits_of_runs_that_do_not(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    shared = [member(classes, seed=2, learning_rate=rate) for rate in (0.01, 0.1, 0.5)]
    stranger = member(classes, seed=3, learning_rate=0.1)
    together = learn(shared, classes)
    beside = learn([*shared, stranger], classes)
    assert [together.bits(place) for place in range(3)] == [beside.bits(place) for place in range(3)]


def test_a_population_may_be_cut_in_two(classes: Examples, member: MakeMember, learn: Learn) -> None:
    members = mixed(member, classes, 12)
    whole, left, right = learn(members, classes), learn(members[:5], classes), learn(members[5:], classes)
    halves = [left.bits(place) for place in range(5)] + [right.bits(place) for place in range(7)]
    assert [whole.bits(place) for place in range(12)] == halves


EXTRAS: list[dict[str, object]] = [
    {},
    {"dropout": 0.5},
    {"l1": 0.01, "l2": 0.1, "gradient_clip": 0.5},
    {"weight_decay": 0.1, "learning_rate_schedule": "one_cycle"},
]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    features=st.sampled_from([1, 2, 17, 64]),
    hidden=st.lists(st.sampled_from([1, 3, 16, 33]), max_size=2),
    outputs=st.sampled_from([1, 2, 10]),
    batch_size=st.sampled_from([1, 5, 32, "full"]),
    activation=st.sampled_from(ACTIVATIONS),
    loss=st.sampled_from(LOSSES),
    optimizer=st.sampled_from(OPTIMIZERS),
    extras=st.sampled_from(EXTRAS),
    dtype=st.sampled_from(["float32", "float64"]),
    runs=st.sampled_from([2, 9]),
)
def test_no_shape_is_an_exception(
    learn: Learn,
    member: MakeMember,
    features: int,
    hidden: list[int],
    outputs: int,
    batch_size: int | str,
    activation: str,
    loss: str,
    optimizer: str,
    extras: dict[str, object],
    dtype: str,
    runs: int,
) -> None:
    draw = np.random.default_rng(features)
    examples = Examples(
        draw.standard_normal((41, features)), draw.integers(0, outputs, 41), outputs, "classification"
    )
    values: dict[str, object] = {
        "hidden_layers": hidden,
        "activation": activation,
        "loss": loss,
        "batch_size": "full" if optimizer in RPROP_FAMILY else batch_size,
        "optimizer": optimizer,
        "dtype": dtype,
        "epochs": 2,
    }
    values = canonical({**values, **extras})
    members = [
        member(examples, seed=place % 3, validation=13, learning_rate=0.001 * (place + 1), **values)
        for place in range(runs)
    ]
    together = learn(members, examples)
    assert together.bits(runs - 1) == learn([members[-1]], examples).bits(0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_resumed_at_any_epoch_a_run_ends_in_the_same_bits(
    classes: Examples, member: MakeMember, learn: Learn, optimizer: str
) -> None:
    values = {"optimizer": optimizer, "learning_rate": 0.02}
    if optimizer in RPROP_FAMILY:
        values["batch_size"] = "full"
    members = [member(classes, seed=seed, **values) for seed in range(3)]
    whole = learn(members, classes, checkpoints=True)
    for epoch in (1, 2, 3):
        saved = [whole.checkpoints[place, epoch] for place in range(3)]
        resumed = learn(Population.resume(members, classes, saved), classes)
        for place in range(3):
            assert resumed.curves[place] == whole.curves[place][epoch:]
            assert resumed.endings[place].weights_sha256 == whole.endings[place].weights_sha256


def test_members_may_be_resumed_in_another_company(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    members = mixed(member, classes, 6, optimizer="adam")[:5]
    whole = learn(members, classes, checkpoints=True)
    chosen = [4, 1]
    population = Population.resume(
        [members[place] for place in chosen], classes, [whole.checkpoints[place, 2] for place in chosen]
    )
    resumed = learn(population, classes)
    for place, original in enumerate(chosen):
        assert resumed.endings[place].weights_sha256 == whole.endings[original].weights_sha256


def test_the_comparison_would_notice_a_shuffle_that_forgets_its_epoch(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [member(classes)]
    keyed = learn(members, classes)

    def forgetful(seed: int, stream: int, _epoch: int = 0, layer: int = 0) -> Generator:
        return generator(seed, stream, 0, layer)

    monkeypatch.setattr(core.rows, "generator", forgetful)
    assert learn(members, classes).bits(0) != keyed.bits(0)


def test_the_comparison_would_notice_a_generator_that_is_carried_from_epoch_to_epoch(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: dict[int, Generator] = {}

    def stateful(seed: int, stream: int, _epoch: int = 0, _layer: int = 0) -> Generator:
        return carried.setdefault(seed, generator(seed, stream))

    monkeypatch.setattr(core.rows, "generator", stateful)
    members = [member(classes)]
    whole = learn(members, classes, checkpoints=True)
    carried.clear()  # what a killed worker would have lost
    resumed = learn(Population.resume(members, classes, [whole.checkpoints[0, 2]]), classes)
    assert resumed.endings[0].weights_sha256 != whole.endings[0].weights_sha256
