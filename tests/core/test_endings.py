"""Members of one population stop at epochs of their own, with the bits that they have alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.configuration import resolve
from core.early_stopping import Watch
from core.evaluation import Evaluator, evaluate
from core.examples import Examples
from core.hashing import weights_sha256
from core.members import Member
from core.training import EpochReport, Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import

EPOCHS = 16
RULES: Mapping[str, dict[str, object]] = {
    "patience": {"patience": 2, "restore_best": True},
    "min_delta": {"patience": 1, "min_delta": 0.01, "validate_every": 2},
    "generalization loss": {"stop_generalization_loss": 2.0, "validate_every": 3, "restore_best": True},
    "progress": {"stop_progress": 100.0, "validate_every": 4},
}
by_rules = pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())


def mixed(member: MakeMember, examples: Examples, count: int, rules: Mapping[str, object]) -> list[Member]:
    """Return members with rates over three decades and four seeds, the last of them bound to diverge."""
    rates = [*np.geomspace(0.02, 2.0, count - 1), 1e5]
    values = {"epochs": EPOCHS, "activation": "tanh", "hidden_layers": [12], **rules}
    return [
        member(examples, seed=place % 4, validation=30, learning_rate=float(rate), **values)
        for place, rate in enumerate(rates)
    ]


def bits(history: Any, member: int) -> tuple[object, ...]:
    """Return all that must not depend on anybody else, best weights included."""
    ending = history.endings[member]
    best = ending.best and (repr(ending.best.seen), weights_sha256(ending.best.parameters))
    return *history.bits(member), ending.epoch, ending.weights_epoch, repr(ending.restored), best


@by_rules
@pytest.mark.parametrize("count", [5, 64])
def test_members_that_stop_at_different_epochs_have_the_bits_that_they_have_alone(
    classes: Examples, member: MakeMember, learn: Learn, count: int, rules: dict[str, object]
) -> None:
    members = mixed(member, classes, count, rules)
    together = learn(Population.start(members, classes, keep_best=True), classes)
    assert len({ending.epoch for ending in together.endings.values()}) > 2
    assert together.endings[count - 1].state == "diverged"
    for place in {0, 1, 2, 3, count // 2, count - 2, count - 1}:
        alone = learn(Population.start([members[place]], classes, keep_best=True), classes)
        assert bits(together, place) == bits(alone, 0)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    rules=st.sampled_from(list(RULES)), epoch=st.integers(1, EPOCHS - 1), company=st.sets(st.integers(0, 8))
)
def test_a_checkpoint_of_any_epoch_carries_all_that_stopping_needs(
    classes: Examples,
    member: MakeMember,
    learn: Learn,
    whole: Callable[[str], Any],
    rules: str,
    epoch: int,
    company: set[int],
) -> None:
    members = mixed(member, classes, 9, RULES[rules])
    uncut = whole(rules)
    left = [place for place in sorted(company) if (place, epoch) in uncut.checkpoints]
    if not left:
        return
    saved = [uncut.checkpoints[place, epoch] for place in left]
    chosen = [members[place] for place in left]
    resumed = learn(Population.resume(chosen, classes, saved, keep_best=True), classes)
    for position, place in enumerate(left):
        hexadecimal = resumed.bits(position)[-1]
        assert hexadecimal == uncut.bits(place)[-1][epoch:]
        resumed.curves[position] = uncut.curves[place]  # the epochs before are not its own
        assert bits(resumed, position) == bits(uncut, place)


@pytest.fixture(scope="module")
def whole(classes: Examples, member: MakeMember, learn: Learn) -> Callable[[str], Any]:
    """Nine members trained by some rules without a stop, and every checkpoint on the way."""
    known: dict[str, Any] = {}

    def train_once(rules: str) -> Any:
        if rules not in known:
            population = Population.start(mixed(member, classes, 9, RULES[rules]), classes, keep_best=True)
            known[rules] = learn(population, classes, checkpoints=True)
        return known[rules]

    return train_once


def test_the_comparison_would_notice_a_checkpoint_that_forgets_early_stopping(
    classes: Examples,
    member: MakeMember,
    learn: Learn,
    whole: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uncut = whole("patience")
    place = next(p for p, ending in uncut.endings.items() if "patience" in ending.reason)
    epoch = uncut.endings[place].epoch - 1
    one = mixed(member, classes, 9, RULES["patience"])[place]
    monkeypatch.setattr(Watch, "from_json", lambda _: Watch())
    resumed = learn(Population.resume([one], classes, [uncut.checkpoints[place, epoch]]), classes)
    assert resumed.endings[0].reason != uncut.endings[place].reason


def test_the_comparison_would_notice_states_that_move_up_when_a_member_leaves(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = mixed(member, classes, 9, RULES["patience"])
    together = learn(members, classes)
    drop = Population.drop

    def careless(self: Population, leaving: Any) -> None:
        watches = list(self.watches)
        drop(self, leaving)
        self.watches = watches[: len(self.active)]

    monkeypatch.setattr(Population, "drop", careless)
    assert learn(members, classes).endings[7].reason != together.endings[7].reason


def test_a_run_stops_where_prechelts_formula_says_by_the_losses_that_it_would_have_had(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    k, alpha = 3, 2.0
    plain = mixed(member, classes, 5, {"validate_every": k})[:4]
    rules = {"validate_every": k, "stop_generalization_loss": alpha}
    stopping = mixed(member, classes, 5, rules)[:4]
    uncut, cut = learn(plain, classes, checkpoints=True), learn(stopping, classes)
    stopped = 0
    for place in range(4):
        e_va = {t: uncut.curves[place][t - 1][2] for t in range(k, EPOCHS + 1, k)}
        over = [t for t in e_va if 100.0 * (e_va[t] / min(e_va[s] for s in e_va if s <= t) - 1.0) > alpha]
        expected = over[0] if over else EPOCHS
        ending = cut.endings[place]
        assert ending.epoch == ending.weights_epoch == expected
        if over:
            stopped += 1
            population = Population.resume([plain[place]], classes, [uncut.checkpoints[place, expected]])
            assert ending.weights_sha256 == weights_sha256(population.parameters(0))
            assert "stop_generalization_loss" in ending.reason
    assert stopped > 0


def test_restored_weights_are_those_of_the_lowest_validation_loss(
    classes: Examples, numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    earlier = 0
    for examples in (classes, numbers):
        members = mixed(member, examples, 9, {"restore_best": True, "validate_every": 2})[:5]
        history = learn(members, examples)
        for place, one in enumerate(members):
            ending, curve = history.endings[place], np.array(history.curves[place])
            metrics = evaluate(one.configuration, ending.parameters, examples, one.validation_rows)
            assert ending.weights_epoch == np.nanargmin(curve[:, 2]) + 1
            assert metrics.loss == np.nanmin(curve[:, 2]) == ending.restored.validation_loss
            assert metrics.score == ending.restored.validation_score
            assert (ending.restored.train_loss, ending.restored.train_score) == tuple(
                curve[ending.weights_epoch - 1, :2]
            )
            assert ending.weights_sha256 == weights_sha256(ending.parameters)
            earlier += ending.weights_epoch < ending.epoch
    assert earlier, "at least one run was better before its end"


def test_best_weights_beside_the_final_ones_leave_the_final_ones_alone(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    members = mixed(member, classes, 5, {})
    plain = learn(members, classes)
    kept = learn(Population.start(members, classes, keep_best=True), classes)
    for place, one in enumerate(members):
        assert kept.bits(place) == plain.bits(place)
        assert plain.endings[place].best is None
        best = kept.endings[place].best
        if best is not None:
            losses = [epoch[2] for epoch in kept.curves[place]]
            metrics = evaluate(one.configuration, best.parameters, classes, one.validation_rows)
            assert metrics.loss == min(losses) == best.seen.validation_loss
            assert best.seen.epoch == losses.index(min(losses)) + 1
            assert best.weights_sha256 == weights_sha256(best.parameters)
    assert kept.endings[0].best is not None
    assert kept.endings[4].best is None, "it diverged before anything was validated"


def test_the_comparison_would_notice_best_weights_that_are_never_written_down(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = mixed(member, classes, 5, {"restore_best": True})[1]
    monkeypatch.setattr(Population, "keep_best", lambda _self, _rows: None)
    ending = learn([one], classes).endings[0]
    metrics = evaluate(one.configuration, ending.parameters, classes, one.validation_rows)
    assert metrics.loss != ending.restored.validation_loss


def test_whether_a_run_collapsed_is_asked_of_the_epoch_that_is_restored(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    def spoil(report: EpochReport) -> None:
        if report.epoch == 7:
            population.weights[0] *= -8.0

    for restore_best, collapsed in ((False, True), (True, False)):
        one = member(classes, epochs=8, learning_rate=0.1, restore_best=restore_best)
        population = Population.start([one], classes)
        ending = learn(population, classes, answer=spoil).endings[0]
        assert (ending.state, ending.collapsed) == ("completed", collapsed)


def test_with_progress_the_training_loss_is_that_of_the_weights_after_the_epoch(
    classes: Examples, numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    for examples in (classes, numbers):
        values = {"stop_progress": 0.001, "validate_every": 4}
        one = member(examples, validation=0, **values)
        neighbour = member(examples, validation=0, seed=1, **values)
        history = learn([one, neighbour], examples)
        metrics = evaluate(one.configuration, history.endings[0].parameters, examples, one.train_rows)
        assert (history.reports[-1].train_loss[0], history.reports[-1].train_score[0]) == (
            metrics.loss,
            metrics.score,
        )
        running = learn([member(examples, validation=0, validate_every=4)], examples)
        assert history.endings[0].weights_sha256 == running.endings[0].weights_sha256
        assert history.curves[0][-1][0] != running.curves[0][-1][0]


def test_epochs_that_are_not_validated_cost_no_validation(
    classes: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    measure = Evaluator.measure_unless

    def counted(self: Evaluator, *arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        return measure(self, *arguments)

    monkeypatch.setattr(Evaluator, "measure_unless", counted)
    seldom = learn([member(classes, epochs=10, validate_every=4)], classes)
    assert looks == 3
    always = learn([member(classes, epochs=10)], classes)
    assert seldom.endings[0].weights_sha256 == always.endings[0].weights_sha256
    validated = [report.epoch for report in seldom.reports if report.validated]
    assert validated == [4, 8, 10]
    for epoch, (one, other) in enumerate(zip(seldom.curves[0], always.curves[0], strict=True), start=1):
        assert one[:2] + one[4:] == other[:2] + other[4:]
        if epoch in validated:
            assert one[2:4] == other[2:4]
        else:
            assert math.isnan(one[2])
            assert math.isnan(one[3])


def test_a_diverged_run_keeps_its_last_good_weights_and_its_best_ones(
    numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    def lost_late(report: EpochReport) -> None:
        if report.epoch == 3:
            population.weights[0] *= 1e6

    one = member(numbers, epochs=8, restore_best=True, learning_rate=0.01)
    population = Population.start([one], numbers)
    history = learn(population, numbers, answer=lost_late)
    ending = history.endings[0]
    assert (ending.state, ending.epoch, ending.weights_epoch, ending.restored) == ("diverged", 4, 3, None)
    assert ending.best is not None
    assert ending.best.seen.epoch == 3
    assert ending.best.weights_sha256 != ending.weights_sha256


def test_a_training_loss_that_is_not_a_number_after_the_last_step_is_divergence(learn: Learn) -> None:
    # One step from weights of 0 to finite ones that make logits infinite.
    examples = Examples(np.array([[1e20], [-1e20]]), np.array([0, 1]), 2, "classification")
    values = {"hidden_layers": [], "epochs": 1, "batch_size": "full", "learning_rate": 1.0}
    values |= {"initializer": "uniform", "init_scale": 0.0}
    rows, nobody = np.arange(2), np.empty(0, np.int64)
    unseen = Member(resolve(values, task="classification"), 0, rows, nobody)
    assert learn([unseen], examples).endings[0].state == "completed"
    seen = Member(resolve({**values, "stop_progress": 1.0}, task="classification"), 0, rows, nobody)
    ending = learn([seen], examples).endings[0]
    assert (ending.state, ending.reason) == ("diverged", "the training loss was nan after epoch 1")
