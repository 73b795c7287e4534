"""Gradient descent on a function for many learning rates: what is asked for, and the points."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from core.expressions.tokens import MAX_CHARACTERS
from core.functions import DIVERGENCE_LIMIT
from service.api.schemas.shape import Number, Shape
from service.inference.trajectories import (
    MOST_PERIOD,
    MOST_POINTS,
    MOST_RATES,
    MOST_SHOWN,
    MOST_STEPS,
    MOST_WORK,
)

Finite = Annotated[float, Field(allow_inf_nan=False)]


class RateRange(BaseModel):
    """Evenly spaced learning rates, both ends included."""

    model_config = ConfigDict(extra="forbid", strict=True)

    min: Finite
    max: Finite
    count: int = Field(ge=2, le=MOST_RATES)


class CurveRange(BaseModel):
    """Evenly spaced points at which a function of one variable is to be drawn, both ends included."""

    model_config = ConfigDict(extra="forbid", strict=True)

    min: Finite
    max: Finite
    count: int = Field(default=200, ge=2, le=MOST_POINTS)


class TrajectoriesRequest(BaseModel):
    """A function, where to start, and how far to step."""

    model_config = ConfigDict(extra="forbid", strict=True)

    expression: str = Field(max_length=MAX_CHARACTERS, description="The function to minimise.")
    start: dict[str, Finite] = Field(description="A number for each variable.")
    learning_rates: Annotated[
        Annotated[list[Finite], Field(min_length=1, max_length=MOST_RATES), Tag("<list>")]
        | Annotated[RateRange, Tag("<range>")],
        Discriminator(lambda value: "<list>" if isinstance(value, list) else "<range>"),
    ] = Field(description=f"Up to {MOST_RATES:,}, or {{min, max, count}}.")
    steps: int = Field(
        ge=1,
        le=MOST_STEPS,
        description=f"Steps of plain gradient descent. Rates x steps x the numbers, names and operators of "
        f"the expression may be {MOST_WORK:,} at most.",
    )
    tail: int | None = Field(
        default=None,
        ge=1,
        description="Answer only so many points at the end of each; by default all, the start included. "
        f"{MOST_SHOWN:,} in all at most.",
    )
    values: bool = Field(default=True, description="Answer the function and its derivatives at each point.")
    curve: CurveRange | None = Field(
        default=None, description="Answer the function over this range as well; for one variable."
    )


class Curve(Shape):
    """A function of one variable over a range."""

    points: list[Number]
    values: list[Number]
    derivatives: list[Number]


class Trajectories(Shape):
    """Where plain gradient descent goes, x <- x - a f'(x), for each learning rate a."""

    expression: str
    variables: list[str]
    steps: int
    first_step: int = Field(description="The step of the first point answered; 0 is the start.")
    learning_rates: list[float]
    points: dict[str, list[list[Number]]] = Field(
        description="For each variable, learning rate and step. Whatever runs away is followed to Infinity "
        "and NaN."
    )
    values: list[list[Number]] | None = Field(description="The function there, by learning rate and step.")
    derivatives: dict[str, list[list[Number]]] | None = Field(
        description="The derivative there for each variable, by learning rate and step."
    )
    escaped_at: list[int | None] = Field(
        description=f"The first step at which a variable is beyond {DIVERGENCE_LIMIT:g} or not a number."
    )
    period: list[int | None] = Field(
        description=f"After how many steps, up to {MOST_PERIOD}, the last points repeat to 9 digits: 1 has "
        "settled, 2 bounces between two. Null where they do not: still on the way, chaotic, or gone."
    )
    curve: Curve | None


EXAMPLES: dict[str, Any] = {
    "square": {
        "summary": "x^2 from 1 with the rate 0.3: 0.4, 0.16, 0.064",
        "value": {"expression": "x**2", "start": {"x": 1}, "learning_rates": [0.3], "steps": 3},
    },
    "cubic": {
        "summary": "x^3 + 3x^2: slow, erratic, lost",
        "value": {
            "expression": "x**3 + 3*x**2",
            "start": {"x": -1.9},
            "learning_rates": [0.04, 0.45, 0.6],
            "steps": 60,
            "curve": {"min": -3.2, "max": 1.2, "count": 200},
        },
    },
    "bifurcation": {
        "summary": "From one minimum to a cycle of two to chaos",
        "value": {
            "expression": "x**3 + 3*x**2",
            "start": {"x": -1.9},
            "learning_rates": {"min": 0.3, "max": 0.5, "count": 1000},
            "steps": 400,
            "tail": 64,
            "values": False,
        },
    },
}
