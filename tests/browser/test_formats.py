"""The modules and the templates write every number alike: what is filled in live must not flicker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from service.dashboard import formatting, wording
from service.dashboard.sparkline import sparkline, sparkline_label
from tests.browser.visitor import Visitor

NUMBERS = [0, 1, -1.5, 0.0001, 0.00009999, 0.125, 2.675, 9.995, 99.95, 999.5, 123456, 999999, 1e6, 1.5e-7]
EXTREMES = [0.316227766017, 0.05, 1e300, 5e-324, "NaN", "Infinity", "-Infinity", None]
SECONDS = [None, 0, 0.04, 9.94, 9.95, 59.4, 59.5, 60, 61, 3599.6, 3600, 7500, 86400, 100000]
PARAMETERS = [None, True, [64, 32], [], "relu", {"a": 1, "b": 0.5}, 32, 0.316227766017, 10.0, 1e-5]
NAMES = ["learning_rate", "validation_r2", "l2", "macro_f1", "epochs"]
SETTINGS = [{"learning_rate": 0.3162277}, {"learning_rate": 0.1, "hidden_layers": [64, 32], "l2": None}]
HEADLINES = ["0.3 is best; test accuracy 96.8 %; constant 10 %.", "No answer yet."]
DRAWN = [  # falling by much and by little, flat, and below nothing as functions go
    ([1, 5, 30], [2.3, 0.5, 0.0766]),
    ([1, 2, 3, 4], [0.7, 0.69, 0.9, 0.55]),
    ([1, 2], [1.0, 1.0]),
    ([1, 2, 3], [5.0, 0.0, -2.5]),
]
FORMS: list[tuple[str, Callable[[Any], object], Sequence[object]]] = [
    ("number", formatting.number, [*NUMBERS, *EXTREMES]),
    ("percent", formatting.percent, [0, 0.5, 0.9684, 0.99951, 1, None, "NaN"]),
    ("duration", formatting.duration, SECONDS),
    ("parameter", formatting.parameter, PARAMETERS),
    ("count", formatting.count, [0, 999, 1000, 1234567]),
    ("interval", formatting.interval, [{"low": 0.1, "high": 0.2}, {"low": None, "high": None}, None]),
    ("percentInterval", formatting.percent_interval, [{"low": 0.1, "high": 0.2}]),
    ("instant", formatting.instant, [None, "2026-11-27T20:18:15.123Z"]),
    ("atMost", formatting.at_most, [None, 0.259]),
]
WORDS: list[tuple[str, Callable[[Any], object], Sequence[object]]] = [
    ("label", wording.label, NAMES),
    ("setting", wording.setting, SETTINGS),
    ("namedSetting", wording.named_setting, [*SETTINGS, {}]),
    ("tight", wording.tight, HEADLINES),
    ("clauses", lambda headline: list(wording.clauses(headline)), HEADLINES),
]
CURVES: list[tuple[str, Callable[[Any], object], Sequence[object]]] = [
    (name, form, [{"metric": "validation_loss", "epochs": epochs, "mean": mean} for epochs, mean in DRAWN])
    for name, form in (("sparkline", sparkline), ("sparklineLabel", sparkline_label))
]


@pytest.mark.parametrize(("module", "forms"), [("format", FORMS), ("words", WORDS), ("sparkline", CURVES)])
def test_both_sides_write_the_same(
    visitor: Visitor, module: str, forms: list[tuple[str, Callable[[Any], object], Sequence[object]]]
) -> None:
    main = visitor.open("/sweeps").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = """async ([path, forms]) => {
        const module = await import(path);
        return forms.map(([name, values]) => values.map((one) => module[name](one)));
    }"""
    asked = [[name, values] for name, _, values in forms]
    written = visitor.page.evaluate(script, [main.replace("main.js", f"lib/{module}.js"), asked])
    for (name, form, values), texts in zip(forms, written, strict=True):
        assert texts == [form(value) for value in values], name
