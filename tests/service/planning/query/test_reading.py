from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.errors import InvalidSubmission
from service.planning.query.grammar import KEYWORDS, MOST_CHARACTERS, MOST_DEPTH
from service.planning.query.reading import read_filter, read_order
from service.planning.query.tree import (
    And,
    Comparison,
    Likeness,
    Membership,
    Missing,
    Not,
    Or,
    Quantity,
    without_negations,
)
from service.planning.query.vocabulary import OF_SWEEPS
from tests.service.planning.query.trees import text_of, trees

LOSS = Quantity("metrics", "validation_loss", "metric")
RATE = Quantity("params", "learning_rate", "number")
COURSE = Quantity("tags", "course", "text")
STATE = Quantity("attributes", "state", "word")
SEED = Quantity("attributes", "seed", "number")
CREATED = Quantity("attributes", "created_at", "instant")
ONE = Comparison(SEED, "=", 1)
BEST_LOSS = Quantity("metrics", "validation_loss", "metric", "best")
LAYERS = Quantity("params", "hidden_layers", "layers")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        # The forms of MLflow's own page on searching runs, with our names of metrics and parameters.
        ("metrics.validation_loss < 0.1", Comparison(LOSS, "<", 0.1)),
        ("metric.val_loss >= .5e-1", Comparison(LOSS, ">=", 0.05)),
        ("metrics.`validation_loss` < 1", Comparison(LOSS, "<", 1)),
        ('metrics."validation_loss" != -1', Comparison(LOSS, "!=", -1)),
        ("params.learning_rate = '0.01'", Comparison(RATE, "=", 0.01)),
        ('parameter.lr = "0.01"', Comparison(RATE, "=", 0.01)),
        ("tags.course ILIKE '%Ml%'", Likeness(COURSE, "%Ml%", ignore_case=True)),
        ("tag.`course` IS NOT NULL", Missing(COURSE, negated=True)),
        ("tags.mlflow.user = 'ann'", Comparison(Quantity("tags", "mlflow.user", "text"), "=", "ann")),
        ("attributes.status = 'FINISHED'", Membership(STATE, ("completed", "pruned"))),
        ("status != 'KILLED'", Comparison(STATE, "!=", "canceled")),
        ("attr.status in ('FAILED', 'queued')", Membership(STATE, ("failed", "diverged", "queued"))),
        (
            "run.run_id not in ('r_1', 'r_2')",
            Membership(Quantity("attributes", "id", "text"), ("r_1", "r_2"), negated=True),
        ),
        ("attributes.created > 1664067852747", Comparison(CREATED, ">", 1664067852747)),
        ("dataset.name = 'digits'", Comparison(Quantity("attributes", "dataset", "text"), "=", "digits")),
        ("datasets.digest = 'a'", Comparison(Quantity("attributes", "dataset_hash", "text"), "=", "a")),
        # What it has not.
        ("seed = 1 or seed = 1 AND seed = 3", Or((ONE, And((ONE, Comparison(SEED, "=", 3)))))),
        ("not seed = 1 and seed<>2", And((Not(Comparison(SEED, "=", 1)), Comparison(SEED, "!=", 2)))),
        ("seed in (1,2) or (seed == 3)", Or((Membership(SEED, (1, 2)), Comparison(SEED, "=", 3)))),
        ("created_at >= 2026-11-01", Comparison(CREATED, ">=", 1793491200000)),
        ("created_at < '2026-11-01T02:00:00.5+02:00'", Comparison(CREATED, "<", 1793491200500)),
        ("metrics.validation_loss = nan", Comparison(LOSS, "=", "NaN")),
        ("metrics.validation_loss = -Infinity", Comparison(LOSS, "=", "-Infinity")),
        ("hidden_layers = '[64, 32]'", Comparison(LAYERS, "=", "[64,32]")),
        ("learning_rate > 0.1", Comparison(RATE, ">", 0.1)),
        ("validation_loss.best < 1", Comparison(BEST_LOSS, "<", 1)),
        ("tags.and = 'or'", Comparison(Quantity("tags", "and", "text"), "=", "or")),
        ("tags.`odd 'key'` = \"it's\"", Comparison(Quantity("tags", "odd 'key'", "text"), "=", "it's")),
        ("restore_best = TRUE", Comparison(Quantity("params", "restore_best", "flag"), "=", True)),
        ("batch_size = 'full'", Comparison(Quantity("params", "batch_size", "batch_size"), "=", "full")),
        ("", None),
        (" \n ", None),
    ],
)  # fmt: skip
def test_a_filter_is_read(text: str, tree: object) -> None:
    assert read_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "path", "message", "allowed"),
    [
        ("seed = ", "filter[7]", "line 1, column 8: it ends too early", "a number"),
        ("seed =\n= 1", "filter[7]", "line 2, column 1: = is not expected here", "a number"),
        ("seed = 1 adn seed = 2", "filter[9]", "did you mean 'and'?", "and, or"),
        ("seed = 'a", "filter[7]", "the quote ' is not closed", None),
        ("seed = 1;", "filter[8]", "; is not expected here", None),
        ("(seed = 1", "filter[9]", "it ends too early", ")"),
        ("seed ! 1", "filter[5]", "! is not expected", "= != < <= > >="),
        ("metrics.validation_los < 1", "filter[0]", "did you mean 'validation_loss'?", "validation_accuracy"),
        ("metrics.validation_loss.bst < 1", "filter[0]", "did you mean 'best'?", "validation_loss.min"),
        ("1 = 1 or learning_rat = 1", "filter[0]", "1 is not expected", "a name"),
        ("params.learning_rat = 1", "filter[0]", "did you mean 'learning_rate'?", "optimizer"),
        ("attributes.sead = 1", "filter[0]", "did you mean 'seed'?", "number"),
        ("nothing = 1", "filter[0]", "'nothing' is no name", "metrics.NAME"),
        ("learning_rate = 'fast'", "filter[16]", "'fast' is none", "a number"),
        ("learning_rate = 1e999", "filter[16]", "1e999 is no float64", None),
        ("learning_rate = NaN", "filter[16]", "is a number", "a number"),
        ("activation = relu", "filter[13]", "stands in quotes", "'relu'"),
        ("activation < 'relu'", "filter[0]", "has no order", None),
        ("learning_rate like '0%'", "filter[0]", "is no text", None),
        ("activation like 5", "filter[16]", "text in quotes", "'5'"),
        ("state = 'complete'", "filter[8]", "did you mean 'completed'?", "queued, running"),
        ("created_at > 'yesterday'", "filter[13]", "is a time", "2026-11-01"),
        ("created_at > 2026-13-01", "filter[13]", "is a time", "2026-11-01"),
        ("created_at > -5", "filter[13]", "no time", "2026-11-01"),
        ("validation_loss < 'NaN'", "filter[18]", "stands in no order", "= !="),
        ("batch_size > 'full'", "filter[13]", "stands in no order", "= !="),
        ("hidden_layers = 64", "filter[16]", "list of widths", "[64, 32]"),
        ("hidden_layers = '[1.5]'", "filter[16]", "list of widths", "[64, 32]"),
        ("restore_best = 1", "filter[15]", "true or false", "true, false"),
        ("tags.a\x00 = 'b'", "filter", "U+0000", None),
        ("test_loss < 1", "filter[0]", "no test any more", "reveal_test"),
        ("metrics.test_accuracy.best < 1", "filter[0]", "at a run's end alone", "metrics.test_accuracy"),
        ("dataset.context = 'a'", "filter[0]", "no 'context'", "dataset.name"),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_its_place_and_what_is_allowed(
    text: str, path: str, message: str, allowed: str | None
) -> None:
    with pytest.raises(InvalidSubmission) as refused:
        read_filter(text)
    (fault,) = refused.value.faults
    assert fault.path == path
    assert message in fault.message
    assert allowed is None or (fault.allowed and allowed in fault.allowed)


def test_every_mistake_of_meaning_is_told_at_once() -> None:
    with pytest.raises(InvalidSubmission) as refused:
        read_filter("lerning_rate = 1 and seed in (1, 'x') or stat = 'completed'")
    assert [fault.path for fault in refused.value.faults] == ["filter[0]", "filter[33]", "filter[41]"]


def test_length_and_depth_are_bounded() -> None:
    deep = "seed = 1"
    for _ in range(MOST_DEPTH):
        deep = f"({deep})"
    assert read_filter(deep) == Comparison(SEED, "=", 1)
    for text, message in ((f"not {deep}", "nested"), ("seed = 1" + " " * MOST_CHARACTERS, "characters long")):
        with pytest.raises(InvalidSubmission, match=message):
            read_filter(text)
    with pytest.raises(InvalidSubmission, match="nested"):
        read_filter("not " * 400 + "seed = 1")


def test_a_test_metric_can_be_asked_for() -> None:
    found = read_filter("test_accuracy > 0.9", reveal_test=True)
    assert found == Comparison(Quantity("metrics", "test_accuracy", "metric"), ">", 0.9)


def test_sweeps_have_their_own_names() -> None:
    found = read_filter("name like 'a%' and tags.course = 'x'", OF_SWEEPS)
    name = Quantity("attributes", "name", "text")
    assert found == And((Likeness(name, "a%"), Comparison(COURSE, "=", "x")))
    with pytest.raises(InvalidSubmission, match="they are its runs'"):
        read_filter("metrics.validation_loss < 1", OF_SWEEPS)
    with pytest.raises(InvalidSubmission, match="is no name"):
        read_filter("learning_rate < 1", OF_SWEEPS)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("metrics.val_loss ASC, params.lr desc", ["metrics.validation_loss.last", "-params.learning_rate"]),
        ("-number", ["-number"]),
        ("-id DESC", ["id"]),
        ("start_time DESC", ["-started_at"]),
        ("tags.`a key`", ["tags.a key"]),
        ("validation_score.max", ["metrics.validation_score.max"]),
        ("", []),
    ],
)  # fmt: skip
def test_an_order_is_read(text: str, keys: list[str]) -> None:
    assert [str(key) for key in read_order(text)] == keys


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "is no name"),
        ("seed seed", "is not expected"),
        ("seed,", "ends too early"),
        ("collapsed", "has no order"),
        ("test_loss", "no test any more"),
        ("seed, epoch, number, state, role, id", "6 keys"),
    ],
)
def test_an_order_that_cannot_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSubmission, match=message):
        read_order(text)


PIECES = [
    *KEYWORDS,
    "seed",
    "metrics.",
    "tags.`x`",
    "(",
    ")",
    ",",
    "=",
    "<",
    "'a'",
    '"',
    "1",
    "NaN",
    "2026-01-01",
    "\n",
    ".",
]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join),
        st.integers(1, 900).map(lambda depth: "(" * depth + "seed = 1" + ")" * depth),
        st.integers(1, 400).map(lambda count: f"seed in ({', '.join(['7'] * count)})"),
        st.integers(1, 150).map(lambda count: " or ".join(["seed = 1"] * count)),
    )
)
@example("'" * 1999)
@example("not " * 499)
@example("seed = 1 and " * 150)
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_tree_or_the_named_error(text: str) -> None:
    for read in (read_filter, read_order):
        with suppress(InvalidSubmission):
            read(text)


SOME: dict[Quantity, list[Any]] = {
    LOSS: [0.5, -1.0, 1e300, "NaN", "Infinity"],
    RATE: [0.01, 5e-324, 1],
    COURSE: ["ml-101", "", "it's", 'a "b"', "ä%_[*]"],
    STATE: ["completed", "failed"],
    LAYERS: ["[64,32]", "[]"],
    CREATED: [0, 1793491200000],
    Quantity("params", "restore_best", "flag"): [True, False],
}


@given(trees(SOME))
@settings(max_examples=80, deadline=None)
def test_a_tree_comes_back_from_its_text(tree: object) -> None:
    assert read_filter(text_of(tree)) == tree  # type: ignore[arg-type]


def test_a_negation_reaches_the_conditions() -> None:
    one, two = Comparison(SEED, "<", 1), Missing(COURSE)
    assert without_negations(Not(And((one, Not(two))))) == Or((Comparison(SEED, ">=", 1), two))
