"""A run that reached its last epoch goes on with more of them to the bits of one that had them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.configuration import BOUND_TO_EPOCHS, configuration_hash, course_hash
from core.descent import train_function
from core.errors import DataError, ShapeError
from core.examples import Examples
from core.fields import OPTIMIZERS, RANGE_TEST
from core.function_configuration import resolve_for_function
from core.function_population import FunctionMember, FunctionPopulation
from core.functions import Function
from core.members import Member
from core.population import Saved
from core.reports import Directive, EpochReport
from core.training import Population
from tests.core.conftest import History

Learn = Callable[..., History]
MakeMember = Callable[..., Member]

FIRST, THEN = 5, 9  # epochs
SETTINGS: dict[str, dict[str, object]] = {
    "sgd": {},
    **{
        optimizer: {
            "optimizer": optimizer,
            "learning_rate": 0.02,
            "batch_size": "full" if "prop" in optimizer else 16,
        }
        for optimizer in sorted(OPTIMIZERS)
    },
    "dropout": {"dropout": 0.2},
    "step schedule": {"learning_rate_schedule": "step", "step_size": 2},
    "warm-up": {"warmup_epochs": 4.0},
    "patience": {"patience": 3, "restore_best": True},
    "generalization loss": {"stop_generalization_loss": 80.0, "learning_rate": 0.3},
    "progress": {"stop_progress": 0.01},
    "validated rarely": {"validate_every": 2, "patience": 2, "min_delta": 0.05, "restore_best": True},
    "validated rarely, adam": {"validate_every": 3, "patience": 2, "optimizer": "adam"},
}


class Kept:
    """The checkpoints to go on from, by member, taken while training calls back."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}

    def __call__(self, report: EpochReport) -> Directive | None:
        for ending in report.endings:
            if ending.going_on is not None:
                self.content[ending.member] = ending.going_on()
        return None


def _longer(members: Sequence[Member], epochs: int = THEN) -> list[Member]:
    return [replace(each, configuration=replace(each.configuration, epochs=epochs)) for each in members]


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS.keys())
@pytest.mark.parametrize("keep_best", [False, True], ids=["last", "best"])
def test_networks_go_on_to_the_bits_of_more_epochs_at_once(
    classes: Examples, member: MakeMember, learn: Learn, settings: dict[str, object], keep_best: bool
) -> None:
    members = [member(classes, seed, epochs=FIRST, **settings) for seed in range(4)]
    whole = learn(Population.start(_longer(members), classes, keep_best=keep_best), classes)
    kept = Kept()
    first = learn(Population.start(members, classes, keep_best=keep_best), classes, answer=kept)
    again = [place for place in range(4) if place in kept.content]
    assert again  # else nothing is compared
    # A run that its own rule ended stays as it is, also where that was in its last epoch.
    ended = [place for place in range(4) if len(whole.curves[place]) <= FIRST]
    assert not set(ended) & set(again)
    assert {place for place in range(4) if first.endings[place].epoch < FIRST} <= set(ended)
    longer = _longer([members[place] for place in again])
    population = Population.resume(
        longer, classes, [kept.content[place] for place in again], keep_best=keep_best
    )
    then = learn(population, classes)
    for index, place in enumerate(again):
        together, rest = whole.bits(place), then.bits(index)
        assert rest[:-1] == together[:-1]
        assert repr(then.curves[index]) == repr(whole.curves[place][FIRST:])  # NaN equals nothing
        before, after = whole.endings[place].best, then.endings[index].best
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert (before.weights_sha256, repr(before.seen)) == (after.weights_sha256, repr(after.seen))


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "rprop"])
def test_points_on_a_function_go_on_to_the_bits_of_more_epochs_at_once(optimizer: str) -> None:
    function = Function.of("x**4 - 3*x**2 + x + y**2", {"x": [0.5, -0.2, 1.5], "y": 0.3})

    def members(epochs: int) -> list[FunctionMember]:
        values = {"optimizer": optimizer, "learning_rate": 0.1, "epochs": epochs}
        return [FunctionMember(resolve_for_function(values), seed) for seed in range(3)]

    def ends(population: FunctionPopulation) -> list[tuple[object, ...]]:
        found: list[tuple[object, ...]] = []

        def on_epoch(report: EpochReport) -> None:
            kept(report)
            told = (report.epoch, report.train_loss.tolist(), report.gradient_norm.tolist())
            found.append(told)
            found.extend((each.reason, each.weights_sha256) for each in report.endings)

        train_function(population, on_epoch=on_epoch)
        return found

    kept = Kept()
    whole = ends(FunctionPopulation.start(members(THEN), function))
    kept.content.clear()
    ends(FunctionPopulation.start(members(FIRST), function))
    saved = [kept.content[place] for place in range(3)]
    assert ends(FunctionPopulation.resume(members(THEN), function, saved)) == whole[FIRST:]


def test_plain_descent_goes_on_from_its_final_weights(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    one = member(classes, epochs=FIRST)
    parameters = learn([one], classes).endings[0].parameters
    longer = _longer([one])
    saved = Saved.of_weights(longer[0], classes, FIRST, parameters)
    then = learn(Population.resume(longer, classes, [saved.encode()]), classes)
    assert then.endings[0].weights_sha256 == learn(longer, classes).endings[0].weights_sha256


@pytest.mark.parametrize("settings", [{"optimizer": "adam"}, {"patience": 3}, {"restore_best": True}])
def test_weights_are_not_all_that_others_go_on_from(
    classes: Examples, member: MakeMember, settings: dict[str, object]
) -> None:
    one = member(classes, **settings)
    population = Population.start([one], classes)
    with pytest.raises(ShapeError, match="weights alone do not go on"):
        Saved.of_weights(one, classes, 0, population.parameters(0))


def test_a_run_that_diverges_in_its_last_epoch_does_not_go_on(
    numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    kept = Kept()
    history = learn([member(numbers, epochs=1, learning_rate=1e6)], numbers, answer=kept)
    assert history.endings[0].state == "diverged"
    assert kept.content == {}


@pytest.mark.parametrize("schedule", [name for name in BOUND_TO_EPOCHS if name != RANGE_TEST])
def test_a_schedule_that_is_bound_to_the_number_of_epochs_has_no_longer_course(
    classes: Examples, member: MakeMember, schedule: str
) -> None:
    one = member(classes, learning_rate_schedule=schedule)
    (longer,) = _longer([one])
    assert course_hash(one.configuration) != course_hash(longer.configuration)
    with pytest.raises(DataError, match="configuration"):
        Population.resume([longer], classes, [Population.start([one], classes).checkpoint(0)])


def test_only_the_number_of_epochs_is_left_out_of_a_course(classes: Examples, member: MakeMember) -> None:
    one, other = member(classes).configuration, member(classes, learning_rate=0.2).configuration
    assert course_hash(one) == course_hash(replace(one, epochs=77))
    assert configuration_hash(one) != configuration_hash(replace(one, epochs=77))
    assert course_hash(one) != course_hash(other)


def test_what_a_run_goes_on_from_is_not_touched_by_those_that_go_on_beside_it(
    classes: Examples, member: MakeMember
) -> None:
    population = Population.start([member(classes, seed) for seed in range(2)], classes)
    saved = population.saved(0, population.watches[0], None)
    before = saved.encode()
    population.drop([0])
    population.weights += np.float32(1.0)
    assert saved.encode() == before
