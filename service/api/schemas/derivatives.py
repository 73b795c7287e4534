"""A graph of variables: what is asked for, and the derivative by its paths."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from core.expressions.definitions import MAX_CHARACTERS, MAX_DEFINITIONS
from core.expressions.elementary import CONSTANTS, ELEMENTARY
from core.variables import LISTED_PATHS, MAX_LISTED_PATHS
from service.api.schemas.shape import Number, Shape

_GRAMMAR = f"Numbers, names, + - * / **, parentheses, {', '.join(CONSTANTS)}, and {', '.join(ELEMENTARY)}."

Definitions = Annotated[
    JsonValue,
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number"]},
                    "minProperties": 1,
                    "maxProperties": MAX_DEFINITIONS,
                },
                {"type": "string", "maxLength": MAX_CHARACTERS * 2},
            ]
        }
    ),
]


class DerivativesRequest(BaseModel):
    """Variables, each given as a number or made of others."""

    model_config = ConfigDict(extra="forbid", strict=True)

    definitions: Definitions = Field(
        description="A number or an expression for each name, or lines of text `name = expression`. "
        f"At most {MAX_DEFINITIONS}. {_GRAMMAR}"
    )
    of: str | None = Field(default=None, description="The variable to differentiate; by default the last.")
    to: str | None = Field(
        default=None, description="The one with respect to which; by default the first that is given."
    )
    listed: int = Field(
        default=LISTED_PATHS, ge=0, le=MAX_LISTED_PATHS, description="Paths listed at most; all are counted."
    )


class Quantity(Shape):
    """A number, and the fraction that it is where all that goes into it is rational."""

    value: Number
    exact: str | None


class Variable(Shape):
    """One variable of the graph."""

    name: str
    expression: str
    made_of: list[str]
    value: Quantity


class Edge(Shape):
    """The derivative of a variable with respect to one that it is made of directly."""

    of: str
    to: str
    text: str | None = Field(description="As a formula; null where it is too long.")
    derivative: Quantity


class Path(Shape):
    """One way from `to` to `of`, and the product of the derivatives along it."""

    variables: list[str]
    factors: list[Edge]
    text: str | None
    product: Quantity


class Paths(Shape):
    """How many paths there are, and as many as were asked for."""

    count: int
    items: list[Path]
    sum: Quantity | None = Field(description="Of the products; null where not all paths are listed.")


class Inverse(Shape):
    """The derivative the other way round, along the one path that there is."""

    of: str
    to: str
    text: str | None
    solved_text: str | None = Field(description="In terms of the variable by which it is now taken.")
    derivative: Quantity = Field(description="Infinity where the derivative is 0.")


class Derivation(Shape):
    """The derivative of one variable with respect to another: every path's product and their sum."""

    variables: list[Variable] = Field(description="In an order in which they can be computed.")
    edges: list[Edge]
    of: str
    to: str
    text: str | None
    derivative: Quantity
    paths: Paths
    inverse: Inverse | None


EXAMPLES: dict[str, Any] = {
    "two_paths": {
        "summary": "d = b*c by two paths: 2a*c and -7*b",
        "value": {"definitions": {"a": 2, "b": "a**2", "c": "-7*a", "d": "b*c"}},
    },
    "chain": {
        "summary": "A chain: cos(b) * 12a^3",
        "value": {"definitions": {"a": 0.5, "b": "3*a**4", "c": "sin(b)"}, "of": "c", "to": "a"},
    },
    "other_way_round": {
        "summary": "y = x^3, and dx/dy = 1 / (3 y^(2/3))",
        "value": {"definitions": "x = 2\ny = x**3"},
    },
}
