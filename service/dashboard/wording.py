"""Names, settings and headlines as text: the same rules as static/js/lib/words.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.dashboard.formatting import NO_BREAK_SPACE, count, interval, parameter, score

CAPITALS = {"r2": "R²", "f1": "F1", "rmse": "RMSE", "mae": "MAE", "l1": "L1", "l2": "L2"}


def tight(sentence: str) -> str:
    """A sentence whose numbers do not part with their per cent signs at the end of a line."""
    return sentence.replace(" %", f"{NO_BREAK_SPACE}%")


def clauses(headline: str) -> tuple[str, str]:
    """The headline's answer, and everything that limits it."""
    answer, _, rest = headline.partition("; ")
    return answer, rest


def label(name: str) -> str:
    """A field's name as words: `learning_rate` reads `learning rate`."""
    return " ".join(CAPITALS.get(word, word) for word in name.split("_"))


def setting(values: Mapping[str, object]) -> str:
    """A setting in one line: the bare value where one parameter varies, else name and value pairs."""
    if len(values) == 1:
        return parameter(next(iter(values.values())))
    return ", ".join(f"{label(name)} {parameter(item)}" for name, item in values.items())


def named_setting(values: Mapping[str, object]) -> str:
    """The same where nothing beside it says what varies."""
    named = ", ".join(f"{label(name)} {parameter(item)}" for name, item in values.items())
    return named or "the only setting"


def best_so_far(best: Mapping[str, Any], metric: str) -> dict[str, str]:
    """The same before there is an answer: the best run's setting, and its value."""
    return {
        "setting": named_setting(best["setting"]),
        "measured": f"{label(metric)} {score(best['value'], metric)}",
        "interval": f"so far, in run {count(best['number'])}",
    }


def best_result(best: Mapping[str, Any], metric: str) -> dict[str, str]:
    """A sweep's best setting, and its metric over the seeds."""
    return {
        "setting": named_setting(best["setting"]),
        "measured": f"{label(metric)} {score(best['mean'], metric)}",
        "interval": interval(best, lambda raw: score(raw, metric)),
    }
