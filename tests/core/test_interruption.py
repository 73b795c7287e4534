"""A step that takes long is left in its midst, and nobody sees what it had written by then."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import core.epoch
import core.interruption
from core.compiled.library import kernel
from core.compiled.program import Program, multiply
from core.epoch import EpochRunner
from core.examples import Examples
from core.population import Population
from core.training import train
from tests.core.compiled.test_library import compiled
from tests.core.conftest import Learn, MakeMember


@compiled
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_halted_product_writes_nothing_until_that_is_taken_back(dtype: str) -> None:
    found = kernel()
    assert found is not None
    left, right, out = np.ones((1, 7, 3), dtype), np.ones((1, 3, 70), dtype), np.zeros((1, 7, 70), dtype)
    program = Program(found, 1, out.dtype, [multiply(left, right, out)])
    found.halt(True)
    try:
        program.run()
        assert not out.any()
    finally:
        found.halt(False)
    program.run()
    assert (out == 3).all()


@compiled
@pytest.mark.parametrize(
    "values",
    [
        {"optimizer": "sgd", "batch_size": "full"},
        {"optimizer": "adam", "batch_size": 16, "dropout": 0.2},
        {"optimizer": "momentum", "batch_size": 7, "dtype": "float64", "hidden_layers": [9, 5]},
    ],
    ids=lambda values: " ".join(map(str, values.values())),
)
def test_a_step_that_is_left_changes_nothing_and_comes_to_the_same_bits_later(
    classes: Examples,
    member: MakeMember,
    learn: Learn,
    monkeypatch: pytest.MonkeyPatch,
    values: dict[str, object],
) -> None:
    members = [member(classes, seed, **values) for seed in range(3)]
    quiet = learn(members, classes)
    monkeypatch.setattr(core.epoch, "LONG_STEP", 0)
    monkeypatch.setattr(core.interruption, "ASK_SECONDS", 0.001)
    population, trainer = Population.start(members, classes), threading.current_thread()
    asked = threading.Event()

    def should_stop() -> bool:
        if threading.current_thread() is trainer:  # before a step: it goes on when the other one has asked
            assert asked.wait(60)
            return False
        asked.set()
        return True

    def state() -> dict[str, bytes]:
        return {name: each.tobytes() for name, each in {"": population.weights, **population.state}.items()}

    train(population, on_epoch=lambda _: None, should_stop=lambda: population.epoch == 2)
    before = state()
    with np.errstate(all="ignore"):  # as `train` does: behind a halted product numbers mean nothing
        assert EpochRunner(population).run(3, should_stop) is None
    assert state() == before
    found = learn(population, classes)
    assert [ending.weights_sha256 for _, ending in sorted(found.endings.items())] == [
        quiet.endings[place].weights_sha256 for place in range(3)
    ]
    assert found.curves[0] == quiet.curves[0][2:]


@compiled
def test_what_is_not_stopped_is_not_touched(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = [member(classes, seed) for seed in range(3)]
    quiet = learn(members, classes)
    monkeypatch.setattr(core.epoch, "LONG_STEP", 0)
    monkeypatch.setattr(core.interruption, "ASK_SECONDS", 0.0001)
    found = learn(members, classes)
    assert [found.bits(place) for place in range(3)] == [quiet.bits(place) for place in range(3)]
    assert not [each for each in threading.enumerate() if each.name == "interruption"]
