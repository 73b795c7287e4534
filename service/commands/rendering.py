"""Tables of sweeps, runs, settings and losses that fit 80 columns, and use more where there is more.

An id or a number stands on one line, whole, whatever the width: rather the table is wider than the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from backsweep_client import Interval, Losses, Run, SettingSummary, Summary, Sweep

STATE_STYLES = {
    "completed": "green",
    "running": "cyan",
    "paused": "yellow",
    "failed": "red",
    "diverged": "red",
    "canceled": "dim",
}
MOST_COLUMNS = 8  # of a dataset that is looked at
MOST_SETTINGS = 40  # of a summary; the best come first
LONGEST_WHOLE = 24  # characters of a cell that is never wrapped
LEAST_SETTINGS = 14  # characters of a run's settings, where they are longer
LEAST_NAME = 14  # characters that are left of a long word in a name
MOST_WIDTH = 1_000  # characters of a table


class WholeTable(Table):
    """A table that is never narrower than its longest words, and the cells that are not to be wrapped.

    Words of columns that overflow with an ellipsis are cut, down to `LEAST_NAME`.
    """

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As a table, in more columns than there are where that is needed."""
        wide = options.update_width(MOST_WIDTH)
        for column in self.columns:
            if column.no_wrap:
                cells = [column.header, *column.cells]
                column.min_width = max(Measurement.get(console, wide, cell).maximum for cell in cells)
        needed = Measurement.get(console, wide, self).minimum
        for column in self.columns:
            if column.overflow == "ellipsis" and not column.no_wrap:
                words = max(
                    Measurement.get(console, wide, cell).minimum for cell in (column.header, *column.cells)
                )
                needed -= max(0, words - LEAST_NAME)
        yield from super().__rich_console__(console, options.update_width(max(options.max_width, needed)))


def sweeps_table(sweeps: Iterable[Sweep]) -> Table:
    """One line for each sweep."""
    table = _table("id", "name")
    for heading in ("runs", "done", "state"):
        table.add_column(heading, justify="right" if heading != "state" else "left", no_wrap=True)
    for sweep in sweeps:
        runs = sum(sweep.counts.values())
        table.add_row(sweep.id, _cut(sweep.name), f"{runs:,}", f"{sweep.fraction:.0%}", _state(sweep.state))
    return table


def sweep_view(sweep: Sweep, summary: Summary) -> RenderableType:
    """A sweep: what it is, how far, and its answer."""
    counts = ", ".join(f"{count:,} {state}" for state, count in sweep.counts.items() if count)
    head = Text.assemble(
        (sweep.name, "bold"), "  ", _state(sweep.state), f"  {sweep.fraction:.0%}  ({counts})"
    )
    warnings = [Text(f"note: {each}", style="yellow") for each in sweep.warnings]
    return Group(head, *warnings, Text(sweep.page, style="dim"), "", summary_view(summary))


def summary_view(summary: Summary) -> RenderableType:
    """The headline over a table of settings."""
    parts: list[RenderableType] = [Text(summary.headline, style="bold"), _settings_table(summary)]
    return Group(*parts, *(Text(f"note: {note}", style="dim") for note in summary.notes))


def runs_table(runs: Sequence[Run], metric: str = "validation_loss") -> Table:
    """One line for each run, its parameters in the middle."""
    table = _table("run")
    table.add_column("seed", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column(_short(metric), justify="right", no_wrap=True)
    told = [" ".join(_value(part).replace(", ", ",") for part in run.parameters.values()) for run in runs]
    table.add_column(
        "settings", overflow="fold", min_width=min(LEAST_SETTINGS, max(map(len, told), default=0))
    )
    for run, parameters in zip(runs, told, strict=True):
        value = run.metrics.get(metric, run.metrics.get("train_loss"))
        shown = "–" if value is None else _short_number(value)
        table.add_row(run.id, str(run.seed), _state(run.state), shown, escape(parameters))
    return table


def losses_table(losses: Losses) -> Table:
    """One line for each epoch."""
    shown = [name for name in losses.columns if any(value is not None for value in losses[name])]
    table = _table()
    for name in shown:
        heading = _short(name.replace("score", losses.score or "score"))
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True, vertical="bottom")
    for row in losses:
        table.add_row(*(_number(name, row[name]) for name in shown))
    return table


def facts_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """Named columns of documents, as they are."""
    table = _table()
    cells = [[_value(row.get(name)) for row in rows] for name in columns]
    for name, column in zip(columns, cells, strict=True):
        table.add_column(name, overflow="ellipsis" if name == "name" else "fold", no_wrap=_is_short(column))
    for row in zip(*cells, strict=True):
        table.add_row(*map(escape, row))
    return table


def rows_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """Rows as they are, as many columns as there is room for; the others are counted."""
    shown = columns[:MOST_COLUMNS]
    table = _table()
    for name in shown:
        table.add_column(escape(name), justify="right", overflow="ellipsis")
    for row in rows:
        table.add_row(*(escape(_value(value)) for value in row[: len(shown)]))
    left = len(columns) - len(shown)
    return Group(table, Text(f"and {left:,} more columns")) if left else table


def _settings_table(summary: Summary) -> Table:
    table = _table("")
    for name in summary.group_by:
        cells = [_value(each.setting.get(name)) for each in summary.settings]
        heading = name.replace("_", "\n")
        table.add_column(heading, justify="right", overflow="fold", no_wrap=_is_short(cells))
    metrics = _metrics(summary)
    for name in metrics:
        table.add_column(_short(name), justify="right", no_wrap=True)
    table.add_column("div.", justify="right", no_wrap=True)
    ranked = sorted(summary.settings, key=lambda each: (not each.best, not each.in_best_set))
    is_cut = len(ranked) > MOST_SETTINGS
    for each in ranked[:MOST_SETTINGS] if is_cut else summary.settings:
        table.add_row(*_setting_row(each, summary, metrics), style=_setting_style(each))
    caption = "● best   ○ cannot be told apart from it   div.: diverged"
    table.caption = caption + (f"; {len(ranked) - MOST_SETTINGS:,} more settings" if is_cut else "")
    table.caption_justify = "left"
    return table


def _metrics(summary: Summary) -> Sequence[str]:
    """The metric that ranks, and one more: its companion in the other unit."""
    known = list(dict.fromkeys(name for each in summary.settings for name in each.metrics))
    others = [name for name in known if name != summary.metric and name.startswith("validation_")]
    return [summary.metric, *others[:1]]


def _setting_row(each: SettingSummary, summary: Summary, metrics: Sequence[str]) -> Sequence[str]:
    mark = "●" if each.best else "○" if each.in_best_set else ""
    settings = [escape(_value(each.setting.get(name))) for name in summary.group_by]
    values = [escape(_interval(each.metrics.get(name), name)) for name in metrics]
    return [mark, *settings, *values, f"{each.diverged}/{each.runs}"]


def _setting_style(each: SettingSummary) -> str | None:
    return "bold green" if each.best else "green" if each.in_best_set else None


def _interval(interval: Interval | None, metric: str) -> str:
    if interval is None or interval.mean is None:
        return "–"
    form = ".1%" if metric.endswith("accuracy") else ".3g"
    if interval.low is None or interval.high is None:
        return format(interval.mean, form)
    low, high = format(interval.low, form), format(interval.high, form)
    return f"{interval.mean:{form}} [{low.removesuffix('%')}, {high}]"


def _table(*left: str) -> Table:
    table = WholeTable(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in left:
        table.add_column(
            heading,
            no_wrap=heading in ("id", "run", ""),
            overflow="ellipsis" if heading == "name" else "fold",
        )
    return table


def _is_short(cells: Sequence[str]) -> bool:
    """Whether a column need not be wrapped: of two that are, the wrong one might be cut inside a number."""
    return max(map(len, cells), default=0) <= LONGEST_WHOLE


def _state(state: str) -> Text:
    return Text(state, style=STATE_STYLES.get(state, ""))


def _short(metric: str) -> str:
    return metric.replace("validation_", "val. ").replace("_", " ")


def _cut(text: str) -> str:
    return escape(text if len(text) <= 60 else text[:59] + "…")


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if name == "epoch" else _short_number(value)


def _short_number(value: float) -> str:
    """At most four digits, and three where there is an exponent, so that eight characters are enough."""
    text = f"{value:.4g}"
    return f"{value:.3g}" if "e" in text else text


def _value(value: Any) -> str:
    from backsweep_client.numbers import plain

    return plain(value)
