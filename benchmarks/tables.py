"""Results are written as Markdown tables, readable in a terminal as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import median

from benchmarks.cases import CASES, WANTED
from benchmarks.comparison import Outcome, Timing, ratios
from benchmarks.contenders import BACKSWEEP, BY_NUMPY
from benchmarks.growth import Growth, relative_cost

LOADED = 0.95  # of the core's time; with less, other programs were at work


def summary_table(outcomes: Sequence[Outcome]) -> str:
    """One row for each case: how many times as fast Backsweep is, by compiled steps and by NumPy alone."""
    peers = [name for name in CASES[0].required if any(outcome.of(name) for outcome in outcomes)]
    header = ("case", BACKSWEEP.name, "NumPy", *(f"x {name}, NumPy" for name in peers))
    rows = []
    for outcome in outcomes:
        ours, by_numpy = outcome.of(BACKSWEEP.name), outcome.of(BY_NUMPY.name)
        timings = [outcome.of(name) for name in peers]
        times = [
            ", ".join(filter(None, (_times(ours, timing), _times(by_numpy, timing)))) if timing else ""
            for timing in timings
        ]
        speeds = [f"{timing.speed:,.0f}" if timing else "" for timing in (ours, by_numpy)]
        rows.append((outcome.case.name, *speeds, *times))
    return f"### Summary\n\n{markdown(header, rows)}\n"


def comparison_table(outcome: Outcome) -> str:
    """One row for each contender: speed, and how many times as fast Backsweep is."""
    case = outcome.case
    header = ("contender", "run-epochs/s", "lowest..highest", "Backsweep is", "NumPy", "asked", "loss")
    rows = [_row(outcome, timing) for timing in outcome.timings]
    size = f"learning rates: {case.rates}, seeds: {case.seeds}, epochs: {outcome.epochs}"
    return f"### {case.name}\n\n{size}\n\n{markdown(header, rows)}"


def growth_table(growth: Growth) -> str:
    """One row for each size."""
    names = list(growth.points[0].speeds)
    others = [name for name in names if name != BACKSWEEP.name]
    header = (
        growth.what,
        "run-epochs/s",
        "ms per run-epoch",
        "relative",
        "Gflop/s",
        *(f"x {n}" for n in others),
    )
    rows = []
    for point, relative in zip(growth.points, relative_cost(growth), strict=True):
        ours = point.speeds[BACKSWEEP.name]
        times = [f"{ours / point.speeds[name]:.2f}" for name in others]
        giga = point.operations * ours / 1e9
        rows.append(
            (f"{point.size:,}", f"{ours:,.0f}", f"{1e3 / ours:.3f}", f"{relative:.2f}", f"{giga:.1f}", *times)
        )
    return f"### {growth.what}\n\n{markdown(header, rows)}"


def notes(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Say what makes figures doubtful, and what was asked and not reached."""
    for outcome in outcomes:
        ours = [timing for name in (BACKSWEEP.name, BY_NUMPY.name) if (timing := outcome.of(name))]
        for timing in outcome.timings:
            about = f"- {outcome.case.name}: {timing.contender}"
            if not timing.agrees:
                yield f"{about} has other losses; its speed means nothing"
            if timing.core_share < LOADED:
                yield f"{about} had {timing.core_share:.0%} of the core, beside other programs"
            required = outcome.case.required.get(timing.contender, 0.0)
            for own in ours:
                if (reached := median(ratios(own, timing))) < required:
                    yield f"{about}: {required:g} times its speed is asked, {own.contender} has {reached:.2f}"


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an aligned table, first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            f"{cells[0]:<{widths[0]}}",
            *(f"{c:>{w}}" for c, w in zip(cells[1:], widths[1:], strict=True)),
        ]
        return f"| {' | '.join(padded)} |"

    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def _row(outcome: Outcome, timing: Timing) -> tuple[str, ...]:
    ours, by_numpy = outcome.of(BACKSWEEP.name), outcome.of(BY_NUMPY.name)
    own = timing.contender in (BACKSWEEP.name, BY_NUMPY.name)
    return (
        timing.contender,
        f"{timing.speed:,.0f}",
        f"{min(timing.speeds):,.0f}..{max(timing.speeds):,.0f}",
        "" if own else _times(ours, timing),
        "" if own else _times(by_numpy, timing),
        _asked(outcome, timing.contender),
        "" if timing.contender == BACKSWEEP.name else f"{timing.disagreement:.1e}",
    )


def _times(one: Timing | None, other: Timing) -> str:
    return f"{median(ratios(one, other)):.2f}" if one is not None else ""


def _asked(outcome: Outcome, name: str) -> str:
    required = outcome.case.required.get(name)
    if required is None:
        return ""
    wanted = f", wanted {WANTED[name]:g}" if name in WANTED else ""
    return f"{required:g}{wanted}"
