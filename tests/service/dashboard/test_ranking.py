"""The settings that a page shows first are the best ones."""

from __future__ import annotations

from typing import Any

import pytest

from service.dashboard.ranking import first_settings


def setting(name: str, mean: float | str | None, *, eligible: bool = True) -> dict[str, Any]:
    metrics = {} if mean is None else {"validation_loss": {"mean": mean}}
    return {"setting": {"optimizer": name}, "eligible": eligible, "metrics": metrics}


SETTINGS = [
    setting("lost", "NaN"),
    setting("far", 3.0),
    setting("unsure", 0.5, eligible=False),
    setting("near", 1.0),
    setting("waits", None),
]


@pytest.mark.parametrize(
    ("goal", "names"),
    [
        ("minimize", ["near", "far", "lost", "waits"]),
        ("maximize", ["far", "near", "lost", "waits"]),
    ],
)
def test_the_first_of_many_settings_are_those_that_rank_first(goal: str, names: list[str]) -> None:
    found = first_settings(SETTINGS, metric="validation_loss", goal=goal, most=4)
    assert [one["setting"]["optimizer"] for one in found] == names


@pytest.mark.parametrize("most", [None, len(SETTINGS)])
def test_where_all_are_shown_they_stand_as_submitted(most: int | None) -> None:
    assert first_settings(SETTINGS, metric="validation_loss", goal="minimize", most=most) == SETTINGS
