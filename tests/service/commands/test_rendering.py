"""Numbers and ids stand whole on one line of a table, whatever they are and however narrow it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from rich.console import Console, RenderableType

from backsweep_client import Client, Losses, Run, Summary
from service.commands.rendering import facts_table, losses_table, runs_table, summary_view

DRAWN = {
    "learning_rate": 0.00012345678901234567,
    "dropout": 0.12345678901234568,
    "l2": 1.2345678901234e-300,
    "hidden_layers": [64, 32, 16],
}
COLUMNS = (
    "epoch",
    "train_loss",
    "train_score",
    "validation_loss",
    "validation_score",
    "learning_rate",
    "gradient_norm",
    "update_ratio",
)


def lines_of(table: RenderableType, width: int) -> list[str]:
    console = Console(width=width, highlight=False, color_system=None)
    with console.capture() as capture:
        console.print(table, crop=False)
    return capture.get().splitlines()


def words_of(table: RenderableType, width: int) -> list[str]:
    return [word for line in lines_of(table, width) for word in line.split()]


def run(number: int, parameters: Mapping[str, Any] = DRAWN) -> Run:
    return Run(
        Client("http://127.0.0.1:1", key="k").transport,
        {
            "id": f"r_0193a5c0-7e1b-7c3a-9d53-{number:012x}",
            "seed": number,
            "state": "completed",
            "metrics": {"validation_loss": {"last": 0.123456789}},
            "parameters": parameters,
        },
    )


@pytest.mark.parametrize("width", [40, 80, 200])
def test_runs_of_a_random_search_have_whole_numbers(width: int) -> None:
    words = words_of(runs_table([run(1), run(2)]), width)
    for wanted in (
        "0.0001235",
        "0.1235",
        "1.235e-300",
        "[64,32,16]",
        "r_0193a5c0-7e1b-7c3a-9d53-000000000002",
    ):
        assert wanted in words


def test_runs_of_a_small_grid_fit_80_columns() -> None:
    grid = {"learning_rate": 0.1, "hidden_layers": [64]}
    lines = lines_of(runs_table([run(1, grid), run(2, grid)]), 80)
    assert max(map(len, lines)) <= 80
    assert any("0.1 [64]" in line for line in lines)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_losses_have_whole_numbers(width: int) -> None:
    row = (3.0, -1.2345e-105, 0.98765, 2.54321e-12, 0.5, 1e-5 / 3, 123456.789, 1.43e-6)
    table = losses_table(Losses("r", COLUMNS, "accuracy", (row,)))
    words = words_of(table, width)
    for wanted in ("-1.23e-105", "0.9877", "2.54e-12", "3.33e-06", "1.23e+05", "1.43e-06"):
        assert wanted in words
    if width == 80:
        assert max(map(len, lines_of(table, width))) <= 80


@pytest.mark.parametrize("width", [40, 80])
def test_settings_of_a_random_search_have_whole_numbers(width: int) -> None:
    document = {
        "sweep": "s_1",
        "complete": True,
        "headline": "0.0001235 is best.",
        "notes": [],
        "metric": "validation_loss",
        "goal": "minimize",
        "group_by": list(DRAWN),
        "best": dict(DRAWN),
        "best_set": [],
        "settings": [
            {
                "setting": dict(DRAWN),
                "configuration_hash": "c" * 64,
                "runs": 3,
                "completed": 3,
                "diverged": 0,
                "collapsed": 0,
                "failed": 0,
                "pending": 0,
                "eligible": True,
                "p_value": None,
                "best": True,
                "in_best_set": True,
                "metrics": {"validation_loss": {"mean": 0.12345, "low": 0.1, "high": 0.2, "n": 3}},
            }
        ],
    }
    words = words_of(summary_view(Summary.of(document)), width)
    for wanted in ("0.0001235", "0.1235", "1.235e-300", "0.123"):
        assert wanted in words


def test_facts_have_whole_numbers_beside_long_texts() -> None:
    rows = [
        {"name": "a long name " * 8, "minimum": 0.00012345678, "maximum": 1.234567e300, "kind": "word " * 20}
    ]
    words = words_of(facts_table(rows, ["name", "kind", "minimum", "maximum"]), 60)
    assert {"0.0001235", "1.235e+300"} <= set(words)
