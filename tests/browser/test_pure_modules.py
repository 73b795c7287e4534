"""Modules that touch no page: what they answer to what they are given."""

from __future__ import annotations

from typing import Any

import pytest

from service.dashboard.wording import best_result, best_so_far
from tests.browser.visitor import Visitor

STEPS: list[tuple[list[float], str, list[float]]] = [
    ([0.001, 0.01, 0.1], "high", [1, 10]),
    ([0.001, 0.01, 0.1], "low", [1e-05, 0.0001]),
    ([0.1, 0.316227766017, 1.0], "high", [3.16228, 10]),
    ([0.1, 0.2, 0.3], "high", [0.4, 0.5]),
    ([0.1, 0.2, 0.3], "low", []),
    ([8, 16, 32], "both", [2, 4, 64, 128]),
    ([1, 2, 3], "high", [4, 5]),
    ([0.5], "high", []),
]


def answers(visitor: Visitor, module: str, name: str, calls: list[list[Any]]) -> Any:
    main = visitor.open("/login").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = """async ([path, name, calls]) => {
        const module = await import(path);
        return calls.map((call) => module[name](...call));
    }"""
    return visitor.page.evaluate(script, [main.replace("main.js", f"lib/{module}.js"), name, calls])


def test_a_grid_goes_on_in_its_own_steps(visitor: Visitor) -> None:
    found = answers(visitor, "grid-steps", "nextValues", [[values, side] for values, side, _ in STEPS])
    for (values, side, expected), got in zip(STEPS, found, strict=True):
        assert got == pytest.approx(expected), (values, side)


def test_numbers_are_read_as_people_write_them(visitor: Visitor) -> None:
    found = answers(visitor, "grid-steps", "writtenNumbers", [["0.1, 1; 3"], ["−2 1e-3"], ["much"], [""]])
    assert found == [[0.1, 1, 3], [-2, 0.001], None, None]


def test_a_suggestion_takes_the_place_of_what_had_begun(visitor: Visitor) -> None:
    calls: list[list[Any]] = [
        ["va < 1", {"start": 0, "end": 2}, {"text": "metrics.validation_loss", "kind": "name"}],
        ["tag", {"start": 0, "end": 3}, {"text": "tags.", "kind": "name"}],
        ["state = 'co", {"start": 8, "end": 11}, {"text": "'completed'", "kind": "value"}],
    ]
    found = answers(visitor, "completion", "filled", calls)
    assert [one["text"] for one in found] == ["metrics.validation_loss < 1", "tags.", "state = 'completed' "]
    assert [one["at"] for one in found] == [24, 5, 20]
    assert [one["more"] for one in found] == [True, True, False]


def test_a_bar_of_importance_has_the_numbers_of_both_its_parts(visitor: Visitor) -> None:
    shares = [(0.25, 0.75), (0.0, 0.873), (0.5, None)]
    calls: list[list[Any]] = [[{"share": share, "with_interactions": all_}] for share, all_ in shares]
    found = [" ".join(text.split()) for text in answers(visitor, "importance", "numbers", calls)]
    assert found == ["25.0 % + 50.0 %", "0.0 % + 87.3 %", "50.0 %"]


def test_what_is_best_so_far_reads_alike_on_both_sides(visitor: Visitor) -> None:
    calls: list[list[Any]] = [
        [{"setting": {"learning_rate": 0.1}, "value": 0.25, "number": 1234}, "validation_loss"],
        [{"setting": {}, "value": 0.98, "number": 1}, "validation_accuracy"],
    ]
    found = answers(visitor, "words", "bestSoFar", calls)
    assert found == [best_so_far(best, metric) for best, metric in calls]
    assert found[0] == {
        "setting": "learning rate 0.1",
        "measured": "validation loss 0.250",
        "interval": "so far, in run 1,234",
    }


def test_a_best_result_reads_alike_on_both_sides(visitor: Visitor) -> None:
    calls: list[list[Any]] = [
        [{"setting": {"learning_rate": 0.1}, "mean": 0.25, "low": 0.125, "high": 0.5}, "validation_loss"],
        [{"setting": {}, "mean": 0.98, "low": 0.9, "high": 1.0}, "validation_accuracy"],
        [{"setting": {"l2": 0, "epochs": 5}, "mean": -7.5, "low": None, "high": None}, "train_loss"],
    ]
    found = answers(visitor, "words", "bestResult", calls)
    assert found == [best_result(best, metric) for best, metric in calls]
    assert found[0] == {
        "setting": "learning rate 0.1",
        "measured": "validation loss 0.250",
        "interval": "[0.125, 0.500]",
    }
