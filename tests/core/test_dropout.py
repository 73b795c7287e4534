"""Dropout draws by seed, epoch and layer, keeps expectations, and is off wherever a network is only used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.batches import Table
from core.configuration import resolve
from core.dropout import Dropout, DropoutNumbers
from core.evaluation import evaluate
from core.examples import Examples
from core.layout import Layout
from core.members import Member
from core.passes import Pass
from core.streams import Stream, generator
from core.training import Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
FLOAT64 = np.dtype(np.float64)


def test_all_batches_of_an_epoch_see_one_draw_of_rows_by_units() -> None:
    numbers = DropoutNumbers([0.4], [7], layers=2)
    layers = {size: Dropout(numbers, 1, (1, size, 5), FLOAT64) for size in (4, 3)}
    numbers.begin(epoch=2)
    seen = np.concatenate([layers[size].forward(np.ones((1, size, 5)))[0].copy() for size in (4, 4, 3)])
    drawn = generator(7, Stream.DROPOUT, epoch=2, layer=1).random((11, 5))
    assert np.array_equal(seen, np.where(drawn >= 0.4, 1.0 / 0.6, 0.0))


def test_each_epoch_layer_and_seed_has_numbers_of_its_own_and_the_same_again() -> None:
    def first(seed: int, epoch: int, layer: int) -> bytes:
        numbers = DropoutNumbers([0.5], [seed], layers=2)
        numbers.begin(epoch)
        return Dropout(numbers, layer, (1, 8, 8), FLOAT64).forward(np.ones((1, 8, 8))).tobytes()

    assert first(1, 1, 0) == first(1, 1, 0)
    assert len({first(1, 1, 0), first(2, 1, 0), first(1, 2, 0), first(1, 1, 1)}) == 4


def test_outputs_that_stay_are_scaled_so_that_the_mean_stays() -> None:
    numbers = DropoutNumbers([0.25], [3], layers=1)
    layer = Dropout(numbers, 0, (1, 400, 100), FLOAT64)
    numbers.begin(1)
    outputs = layer.forward(np.ones((1, 400, 100)))
    assert set(np.unique(outputs)) == {0.0, 1.0 / 0.75}
    assert (outputs == 0.0).mean() == pytest.approx(0.25, abs=0.01)
    assert outputs.mean() == pytest.approx(1.0, abs=0.01)


def test_runs_with_one_seed_drop_the_same_outputs_and_more_where_more_is_asked() -> None:
    # Three seeds, one of them in two places.
    probabilities, seeds = [0.1, 0.5, 0.5, 0.3, 0.9], [4, 4, 5, 4, 6]
    numbers = DropoutNumbers(probabilities, seeds, layers=1)
    layer = Dropout(numbers, 0, (5, 6, 7), FLOAT64)
    numbers.begin(1)
    together = layer.forward(np.ones((5, 6, 7))).copy()
    for run, (probability, seed) in enumerate(zip(probabilities, seeds, strict=True)):
        alone = DropoutNumbers([probability], [seed], layers=1)
        alone.begin(1)
        expected = Dropout(alone, 0, (1, 6, 7), FLOAT64).forward(np.ones((1, 6, 7)))
        assert np.array_equal(together[run], expected[0])
    dropped = together == 0.0
    assert (dropped[1] >= dropped[3]).all()
    assert (dropped[3] >= dropped[0]).all()


def test_the_gradient_is_the_central_difference_of_the_network_that_is_left() -> None:
    draw = np.random.default_rng(12)
    examples = Examples(draw.standard_normal((9, 3)), draw.standard_normal((9, 2)), 2, "regression")
    values = {"hidden_layers": [6, 5], "activation": "tanh", "dropout": 0.4, "dtype": "float64"}
    configuration = resolve(values, task="regression")
    layout = Layout((3, 6, 5, 2))
    weights = draw.standard_normal((2, layout.width))
    gradients = np.zeros_like(weights)
    numbers = DropoutNumbers([0.4, 0.2], [1, 1], layers=2)
    everyone = Table.of(examples, FLOAT64, joins_bias=True).batch(np.arange(9))
    work = Pass(configuration, layout, weights, gradients, 9, dropout=numbers)

    def losses() -> np.ndarray:
        numbers.begin(1)
        work.forward(everyone)
        return work.sums / 9

    losses()
    work.backward()
    h = 1e-6
    for column in (i for t in layout.tensors for i in range(t.start, t.stop)):
        value = weights[:, column].copy()
        weights[:, column] = value + h
        ahead = losses()
        weights[:, column] = value - h
        behind = losses()
        weights[:, column] = value
        np.testing.assert_allclose(gradients[:, column], (ahead - behind) / (2 * h), atol=1e-7)


def test_validation_drops_nothing(classes: Examples, member: MakeMember, learn: Learn) -> None:
    one = member(classes, dropout=0.5, epochs=2)
    history = learn([one], classes)
    metrics = evaluate(one.configuration, history.endings[0].parameters, classes, one.validation_rows)
    assert history.reports[-1].validation_loss[0] == metrics.loss
    without = resolve({"hidden_layers": [6]}, task="classification")
    assert evaluate(without, history.endings[0].parameters, classes, one.validation_rows) == metrics


def test_the_training_loss_is_that_of_the_outputs_that_stayed(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    still = {"learning_rate": 1e-30, "epochs": 1, "dtype": "float64"}
    dropping, whole = member(classes, dropout=0.5, **still), member(classes, **still)
    first = Population.start([whole], classes).parameters(0)
    complete = evaluate(whole.configuration, first, classes, whole.train_rows).loss
    assert learn([whole], classes).reports[0].train_loss[0] == pytest.approx(complete, rel=1e-12)
    assert learn([dropping], classes).reports[0].train_loss[0] != pytest.approx(complete, rel=1e-3)
