"""While a filter is written, what may stand next is offered, and nothing else."""

from __future__ import annotations

import pytest

from service.planning.query.completion import Gap, Offer, gap_at, offers
from service.planning.query.reading import read_filter
from service.planning.query.vocabulary import OF_RUNS, OF_SWEEPS


def offered(text: str, *existing: object, at: int | None = None) -> list[str]:
    gap = gap_at(text, len(text) if at is None else at, OF_RUNS)
    return [offer.text for offer in offers(gap, OF_RUNS, existing)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", "id"),
        ("val", "metrics.validation_loss"),
        ("params.opt", "params.optimizer"),
        ("metrics.validation_loss ", "="),
        ("seed <", "<"),
        ("seed i", "in"),
        ("seed between 1 ", "and"),
        ("seed = 1 ", "and"),
        ("seed = 1 and not (sta", "state"),
        ("state = ", "'queued'"),
        ("state in ('completed', div", "'diverged'"),
        ("collapsed = t", "true"),
    ],
)
def test_what_may_stand_next_is_offered(text: str, first: str) -> None:
    assert offered(text)[0] == first


def test_existing_values_are_offered_as_they_have_to_be_written() -> None:
    assert offered("params.activation = ", "relu", "it's") == ["'relu'", '"it\'s"']
    assert offered('params.activation = "re', "relu", "tanh") == ['"relu"']
    assert offered("params.learning_rate in (0.", 0.1, 3.0) == ["0.1"]
    assert offered("params.hidden_layers = '[6", "[64,32]", "[8]") == ["'[64,32]'"]
    assert offered("sweep_name = ", "both ' and \"") == []  # no quotes can hold it


def test_every_value_that_is_offered_makes_a_filter() -> None:
    existing: dict[str, list[object]] = {
        "params.activation = ": ["relu", "it's"],
        "seed = ": [0, 12],
        "state = ": [],
    }
    for begun, values in existing.items():
        for text in offered(begun, *values):
            assert read_filter(begun + text) is not None


def test_nothing_is_offered_behind_a_mistake() -> None:
    assert offered("seed = = ") == []
    assert offered("nothing.like.it = ") == []


def test_an_offer_replaces_the_whole_word_around_the_cursor() -> None:
    text = "metrics.val_los < 0.1"
    gap = gap_at(text, 11, OF_RUNS)
    assert text[gap.start : gap.end] == "metrics.val_los"
    assert gap.begun == "metrics.val"
    text = "state = 'comp' and seed = 1"
    gap = gap_at(text, 12, OF_RUNS)
    assert text[gap.start : gap.end] == "'comp'"


def test_an_end_of_a_quote_that_is_open_is_the_end_of_the_text() -> None:
    gap = gap_at("state = 'comp", 11, OF_RUNS)
    assert (gap.start, gap.end) == (8, 13)


def test_names_of_tags_are_offered_behind_their_group() -> None:
    gap = gap_at("tags.", 5, OF_RUNS)
    assert gap.tags
    assert offers(gap, OF_RUNS, ["course", "my course"]) == [
        Offer("tags.course", "name", "tag"),
        Offer("tags.`my course`", "name", "tag"),
    ]


def test_test_metrics_are_not_offered() -> None:
    assert not [text for text in offered("test") if "test" in text]


def test_a_sweep_has_names_of_its_own() -> None:
    gap = gap_at("", 0, OF_SWEEPS)
    names = [offer.text for offer in offers(gap, OF_SWEEPS)]
    assert "headline" in names
    assert not [name for name in names if name.startswith("metrics.")]


def test_an_order_has_names_and_directions() -> None:
    gap = gap_at("metrics.validation_loss ", 24, OF_RUNS, "order")
    assert [offer.text for offer in offers(gap, OF_RUNS)] == ["asc", "desc", ","]


def test_a_cursor_behind_the_text_is_at_its_end() -> None:
    assert gap_at("se", 99, OF_RUNS) == Gap(0, 2, "se", gap_at("", 0, OF_RUNS).accepted)
