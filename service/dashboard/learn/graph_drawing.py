"""A graph of variables in columns: each variable stands behind all that it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.dashboard.formatting import parameter

COLUMN, ROW = 230.0, 128.0
MARGIN_X, MARGIN_Y = 90.0, 70.0
RADIUS = 30.0
PATHS_DRAWN = 12
BULGE = 0.42  # of a row, for an edge that passes over a column


@dataclass(frozen=True, slots=True)
class Variable:
    """A circle with its name, its value, and the expression below."""

    name: str
    expression: str
    value: str
    x: float
    y: float
    end: bool  # what is differentiated, or by what


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from what a variable is made of, with the derivative along it."""

    name: str  # from>to
    path: str
    text: str | None
    derivative: str
    x: float
    y: float
    on_paths: str  # the numbers of the listed paths that it lies on


@dataclass(frozen=True, slots=True)
class GraphDrawing:
    """Everything in its place."""

    width: float
    height: float
    variables: Sequence[Variable]
    edges: Sequence[Edge]


def draw(found: Mapping[str, Any]) -> GraphDrawing:
    """Lay the answer of `POST /derivatives` out."""
    columns = _columns(found["variables"])
    rows = max(columns.values(), key=lambda place: place[1])[1] + 1
    counts = [sum(column == each for column, _ in columns.values()) for each in range(len(columns))]
    used = max(column for column, _ in columns.values()) + 1

    def place(name: str) -> tuple[float, float]:
        column, row = columns[name]
        return MARGIN_X + COLUMN * column, MARGIN_Y + ROW * (row + (rows - counts[column]) / 2)

    ends = (found["of"], found["to"])
    variables = [
        Variable(
            each["name"],
            each["expression"],
            parameter(each["value"]["value"]),
            *place(each["name"]),
            each["name"] in ends,
        )
        for each in found["variables"]
    ]
    on_paths = _on_paths(found["paths"]["items"][:PATHS_DRAWN])
    edges = []
    for each in found["edges"]:
        start, end = place(each["to"]), place(each["of"])
        far = columns[each["of"]][0] - columns[each["to"]][0] > 1
        name = f"{each['to']}>{each['of']}"
        edges.append(_edge(name, start, end, far, each, on_paths.get(name, "")))
    width = 2 * MARGIN_X + COLUMN * (used - 1)
    return GraphDrawing(width, 2 * MARGIN_Y + ROW * (rows - 1) + 24, variables, edges)


def _columns(variables: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """The column of each variable, one behind the last that it is made of, and its row there."""
    columns: dict[str, int] = {}
    for each in variables:  # in an order in which they can be computed
        columns[each["name"]] = max((columns[name] + 1 for name in each["made_of"]), default=0)
    taken: dict[int, int] = {}
    places = {}
    for name, column in columns.items():
        places[name] = (column, taken.get(column, 0))
        taken[column] = taken.get(column, 0) + 1
    return places


def _on_paths(paths: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for number, path in enumerate(paths):
        for factor in path["factors"]:
            found.setdefault(f"{factor['to']}>{factor['of']}", []).append(str(number))
    return {name: " ".join(numbers) for name, numbers in found.items()}


def _edge(
    name: str,
    start: tuple[float, float],
    end: tuple[float, float],
    far: bool,
    each: Mapping[str, Any],
    on_paths: str,
) -> Edge:
    (x1, y1), (x2, y2) = start, end
    bulge = -BULGE * 2 * ROW if far else 0.0
    control = ((x1 + x2) / 2, (y1 + y2) / 2 + bulge)
    first, last = _off(start, control, RADIUS), _off(end, control, RADIUS + 5)
    middle = (x1 + x2 + 2 * control[0]) / 4, (y1 + y2 + 2 * control[1]) / 4
    return Edge(
        name,
        f"M{first[0]:.1f} {first[1]:.1f}Q{control[0]:.1f} {control[1]:.1f} {last[0]:.1f} {last[1]:.1f}",
        each["text"],
        parameter(each["derivative"]["value"]),
        round(middle[0], 1),
        round(middle[1], 1),
        on_paths,
    )


def _off(point: tuple[float, float], towards: tuple[float, float], by: float) -> tuple[float, float]:
    """The point on a circle around `point`."""
    across, down = towards[0] - point[0], towards[1] - point[1]
    length = (across**2 + down**2) ** 0.5
    return point[0] + by * across / length, point[1] + by * down / length
