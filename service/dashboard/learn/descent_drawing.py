"""A descent on a curve: the curve and the points in a frame, and in a sentence what becomes of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from service.dashboard.formatting import number, parameter, value

WIDTH, HEIGHT = 900.0, 380.0
MARGIN = 24.0
TABLE_ROWS = 14
TANGENT = 46.0  # half its length
SLOW = 20  # steps
LATELY = 12  # steps at the end that are judged: in chaos any single one may be small
FAR = 4 * HEIGHT  # beyond it a point is drawn no farther away


@dataclass(frozen=True, slots=True)
class Row:
    """One step: where it is, the value and derivative there, and where it goes."""

    step: int
    x: str
    value: str
    derivative: str
    next: str


@dataclass(frozen=True, slots=True)
class DescentDrawing:
    """Paths in a frame of WIDTH by HEIGHT; `points` is what the module moves a ball along."""

    width: float
    height: float
    curve: str
    trail: str
    points: str
    dots: Sequence[tuple[float, float]]
    axis: float | None  # where f = 0
    ticks: Sequence[tuple[float, str]]
    rows: Sequence[Row]
    kind: str
    verdict: str


def draw(found: Mapping[str, Any], left: float, right: float) -> DescentDrawing:
    """Draw the one trajectory of an answer of `POST /trajectories`."""
    curve = [
        (x, y)
        for x, y in zip(found["curve"]["points"], map(value, found["curve"]["values"]), strict=True)
        if y is not None and math.isfinite(y)
    ]
    low, high = _range([y for _, y in curve])

    def place(x: float, y: float) -> tuple[float, float]:
        across = MARGIN + (WIDTH - 2 * MARGIN) * (x - left) / (right - left)
        down = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - low) / (high - low)
        return _near(across), _near(down)

    xs = [value(x) for x in found["points"]["x"][0]]
    ys = [value(y) for y in found["values"][0]]
    slopes = [value(slope) for slope in found["derivatives"]["x"][0]]
    steps = [
        (x, y, slope)
        for x, y, slope in zip(xs, ys, slopes, strict=True)
        if x is not None and y is not None and slope is not None and all(map(math.isfinite, (x, y, slope)))
    ]
    dots = [place(x, y) for x, y, _ in steps]
    scale = (HEIGHT - 2 * MARGIN) / (high - low) * (right - left) / (WIDTH - 2 * MARGIN)
    moved = [
        {"at": at, "x": number(x, 6), "f": number(y, 6), "d": number(slope, 6), "t": _tangent(slope * scale)}
        for at, (x, y, slope) in zip(dots, steps, strict=True)
    ]
    kind, verdict = _verdict([x for x in xs if x is not None], found["period"][0], found["escaped_at"][0])
    return DescentDrawing(
        WIDTH,
        HEIGHT,
        _path([place(x, y) for x, y in curve]),
        _path(dots),
        json.dumps(moved),
        dots,
        place(left, 0.0)[1] if low < 0 < high else None,
        [(place(x, low)[0], parameter(x)) for x in _ticks(left, right)],
        [
            Row(step, number(x, 6), number(y, 6), number(slope, 6), number(after, 6))
            for step, (x, y, slope, after) in enumerate(
                zip(xs[:TABLE_ROWS], ys, slopes, xs[1 : TABLE_ROWS + 1], strict=False)
            )
        ],
        kind,
        verdict,
    )


def _verdict(xs: Sequence[float], period: int | None, escaped_at: int | None) -> tuple[str, str]:
    """What becomes of the points, as a word and a sentence."""
    if escaped_at is not None:
        return "diverged", f"It runs away: after {escaped_at} steps x is beyond all bounds."
    steps = [after - before for before, after in pairwise(xs)]
    turns = sum(one * other < 0 for one, other in pairwise(steps))
    size = max(abs(x - xs[-1]) for x in xs)  # of the way
    last = "0" if abs(xs[-1]) <= 1e-4 * size else number(xs[-1], 4)
    if period is not None and period > 1:
        points = ", ".join(number(x, 4) for x in sorted(xs[-period:])[:8])
        return "cycle", f"It ends in a cycle of {period}: {points}{', …' if period > 8 else ''}."
    if period == 1 or max(map(abs, steps[-LATELY:])) <= 1e-3 * size:
        near = next(place for place, x in enumerate(xs) if abs(x - xs[-1]) <= 0.01 * size)
        when = f"within 1 % of its way after {near} steps"
        if turns > 1:
            return "bouncing", f"It bounces from side to side and settles at x = {last}, {when}."
        kind, pace = ("slow", "slowly ") if near > SLOW else ("settled", "")
        return kind, f"It goes one way and {pace}settles at x = {last}, {when}."
    if turns <= 1:
        return "slow", f"It goes one way, and is not there yet: after {len(steps)} steps x = {last}."
    if max(map(abs, steps[-LATELY:])) < 0.5 * max(map(abs, steps[:LATELY])):
        return "bouncing", f"It bounces from side to side, ever less: after {len(steps)} steps x = {last}."
    return "chaos", f"It jumps about and has not repeated itself in {len(steps)} steps."


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _near(position: float) -> float:
    """A position as it is written: what lies far outside the frame needs no more digits there."""
    return round(max(-FAR, min(WIDTH + FAR, position)), 1)


def _path(places: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in places) if places else ""


def _tangent(slope: float) -> tuple[float, float]:
    """Half a tangent across and down, on the screen, where y grows downwards."""
    length = math.hypot(1.0, slope)
    return round(TANGENT / length, 1), round(-TANGENT * slope / length, 1)


def _ticks(left: float, right: float) -> list[float]:
    """About six round numbers between two ends."""
    rough = (right - left) / 6
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * unit for factor in (1, 2, 5, 10) if factor * unit >= rough)
    first, last = math.ceil(left / step), math.floor(right / step)
    return [place * step for place in range(first, last + 1)]
