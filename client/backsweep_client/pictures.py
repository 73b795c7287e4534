"""A sweep's response as a picture: the metric against the first number that varies, a line per other setting.

Plain SVG, without a script, a style sheet or another package; every text in it is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeGuard

from backsweep_client.numbers import setting_in_words
from backsweep_client.scales import Scale, scale_of, tick_label
from backsweep_client.summary import Interval, SettingSummary, Summary

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 48
# Okabe and Ito (2008): told apart by people who see colours differently, too.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
MOST_LINES = len(COLOURS)


@dataclass(frozen=True, slots=True)
class Picture:
    """SVG text that a notebook shows as what it is."""

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.svg


@dataclass(frozen=True, slots=True)
class _Point:
    x: float
    interval: Interval
    summary: SettingSummary


def response(summary: Summary) -> Picture:
    """The picture of an answer; where there is nothing to draw, it says why."""
    axis = _axis(summary)
    lines = _lines(summary, axis) if axis else {}
    points = [point for line in lines.values() for point in line]
    if axis is None or not points:
        reason = "no number varies" if axis is None else "no run has ended yet"
        return Picture(
            _framed(f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" text-anchor="middle">{reason}</text>', "")
        )
    across = scale_of([point.x for point in points], LEFT, WIDTH - RIGHT)
    ends = [end for point in points for end in _ends(point.interval)]
    up = scale_of(ends, HEIGHT - BOTTOM, TOP)
    parts = [_axes(across, up, axis, summary.metric)]
    for place, (rest, line) in enumerate(lines.items()):
        parts.append(_line(line, COLOURS[place % len(COLOURS)], across, up))
        if len(lines) > 1 and place < MOST_LINES:
            parts.append(_legend(place, rest, COLOURS[place]))
    return Picture(_framed("".join(parts), summary.headline))


def _axis(summary: Summary) -> str | None:
    """The first parameter whose settings are numbers and differ."""
    for name in summary.group_by:
        values = {each.setting.get(name) for each in summary.settings if not _is_list(each.setting.get(name))}
        if len(values) > 1 and all(_is_number(value) for value in values):
            return name
    return None


def _lines(summary: Summary, axis: str) -> Mapping[str, list[_Point]]:
    lines: dict[str, list[_Point]] = {}
    for each in summary.settings:
        interval = each.metrics.get(summary.metric)
        value = each.setting.get(axis)
        if interval is None or not _is_finite(interval.mean) or not _is_number(value):
            continue
        rest = setting_in_words({name: part for name, part in each.setting.items() if name != axis})
        lines.setdefault(rest, []).append(_Point(float(value), interval, each))
    return {rest: sorted(line, key=lambda point: point.x) for rest, line in lines.items()}


def _ends(interval: Interval) -> Sequence[float]:
    return [
        end for end in (interval.mean, interval.low, interval.high) if end is not None and math.isfinite(end)
    ]


def _line(line: Sequence[_Point], colour: str, across: Scale, up: Scale) -> str:
    places = [(across.place(point.x), up.place(point.interval.mean or 0.0)) for point in line]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    parts = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>']
    for point, (x, y) in zip(line, places, strict=True):
        low, high = point.interval.low, point.interval.high
        if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
            top, bottom = up.place(high), up.place(low)
            parts.append(
                f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}" stroke="{colour}" stroke-opacity="0.5"/>'
            )
        parts.append(_mark(point, x, y, colour))
    return "".join(parts)


def _mark(point: _Point, x: float, y: float, colour: str) -> str:
    summary = point.summary
    size, fill = (5, colour) if summary.best else (3.5, colour if summary.in_best_set else "white")
    told = f"{setting_in_words(summary.setting)}: {point.interval.mean:.4g}"
    if summary.diverged:
        told += f", {summary.diverged} of {summary.runs} diverged"
    title = f"<title>{escape(told)}</title>"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{fill}" stroke="{colour}">{title}</circle>'


def _axes(across: Scale, up: Scale, axis: str, metric: str) -> str:
    base, top = HEIGHT - BOTTOM, TOP
    parts = [f'<path d="M{LEFT} {top}V{base}H{WIDTH - RIGHT}" fill="none" stroke="currentColor"/>']
    for tick in across.ticks():
        x = across.place(tick)
        parts.append(f'<path d="M{x:.1f} {base}v4" stroke="currentColor"/>')
        parts.append(f'<text x="{x:.1f}" y="{base + 16}" text-anchor="middle">{tick_label(tick)}</text>')
    for tick in up.ticks():
        y = up.place(tick)
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity="0.12"/>'
        )
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick_label(tick)}</text>')
    middle = (TOP + base) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(axis)}</text>'
    )
    parts.append(
        f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">{escape(metric)}</text>'
    )
    return "".join(parts)


def _legend(place: int, text: str, colour: str) -> str:
    y = TOP + 12 + 15 * place
    shown = text if len(text) <= 44 else text[:43] + "…"
    return (
        f'<path d="M{WIDTH - RIGHT - 14} {y - 4}h14" stroke="{colour}" stroke-width="3"/>'
        f'<text x="{WIDTH - RIGHT - 20}" y="{y}" text-anchor="end">{escape(shown)}</text>'
    )


def _framed(content: str, title: str) -> str:
    name = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" font-family="sans-serif" font-size="11" '
        f'fill="currentColor">{name}{content}</svg>'
    )


def _is_list(value: object) -> bool:
    return isinstance(value, list | dict)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
