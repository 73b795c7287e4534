"""A descent as the address of its page says it: expression, start, learning rate, and what is looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlencode

PATH = "/learn/descent"
CUBIC = "x**3 + 3*x**2"  # the article's
STEPS = 60
CURVE_POINTS = 240
LONGEST = 200  # characters of the expression
# Of the cubic around its minimum at 0: after a linear change of variable it is the logistic map, r = 1 + 6a.
CUBIC_THEORY = (
    (1 / 6, "1/6", "from here on it overshoots"),
    (1 / 3, "1/3", "from here on it no longer settles"),
    (1 / 2, "1/2", "from here on it escapes"),
)


@dataclass(frozen=True, slots=True)
class DescentForm:
    """What was asked for, as texts; `left` and `right` bound the picture, `top` the learning rates."""

    expression: str = CUBIC
    start: str = "-1.9"
    rate: str = "0.04"
    left: str = "-3.2"
    right: str = "1.2"
    top: str = "0.55"

    @classmethod
    def of(cls, query: Mapping[str, str]) -> DescentForm:
        """Read an address; what it leaves out is the article's."""
        given = {name: query[name].strip()[:LONGEST] for name in asdict(cls()) if query.get(name, "").strip()}
        return cls(**given)

    def address(self, **changes: str) -> str:
        """Where the page of this descent is, with these changes."""
        return f"{PATH}?{urlencode(asdict(replace(self, **changes)))}"

    def faults(self) -> list[dict[str, str]]:
        """Every text that is no number, and bounds that are in the wrong order."""
        found = [
            {"path": name, "message": f"{getattr(self, name)[:40]!r} is not a finite number"}
            for name in ("start", "rate", "left", "right", "top")
            if not math.isfinite(self.number(name))
        ]
        if not found and self.number("left") >= self.number("right"):
            found.append({"path": "left", "message": f"{self.left} is not left of {self.right}"})
        if not found and self.number("top") <= 0:
            found.append({"path": "top", "message": f"{self.top} is not above 0"})
        return found

    def number(self, name: str) -> float:
        """A field as a number; NaN where it is none."""
        try:
            return float(getattr(self, name))
        except ValueError:
            return math.nan

    def request(self) -> dict[str, Any]:
        """The body of `POST /trajectories` for the one learning rate, with the curve."""
        return {
            "expression": self.expression,
            "start": {"x": self.number("start")},
            "learning_rates": [self.number("rate")],
            "steps": STEPS,
            "curve": {"min": self.number("left"), "max": self.number("right"), "count": CURVE_POINTS},
        }

    def theory(self) -> list[dict[str, Any]]:
        """What is known of the article's function: learning rates, and where they stand in the picture."""
        top = self.number("top")
        if "".join(self.expression.split()) != "".join(CUBIC.split()) or not top > 0:
            return []
        known = ((rate / top, name, text) for rate, name, text in CUBIC_THEORY)
        return [{"at": at, "name": name, "text": text} for at, name, text in known if at <= 1]


PRESETS = (
    ("Slow", "a = 0.04", DescentForm()),
    ("Just right", "a = 1/6", DescentForm(rate=repr(1 / 6))),
    ("Bouncing", "a = 0.3", DescentForm(rate="0.3")),
    ("A cycle of two", "a = 0.37", DescentForm(rate="0.37")),
    ("Chaos", "a = 0.45", DescentForm(rate="0.45")),
    ("Diverging", "a = 0.54", DescentForm(rate="0.54")),
    ("Left of −2", "no minimum there", DescentForm(start="-2.05", rate="0.04")),
    ("A parabola", "x², a = 0.3", DescentForm("x**2", "1", "0.3", "-1.4", "1.4", "1.2")),
    (
        "Two valleys",
        "the closest wins",
        DescentForm("x**4 - 2*x**2 + 0.4*x", "0.1", "0.04", "-1.8", "1.6", "0.3"),
    ),
)
