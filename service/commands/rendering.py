"""Tables of sweeps, runs, settings and losses that fit 80 columns, and use more where there is more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
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
    table.add_column("settings", overflow="fold")
    for run in runs:
        value = run.metrics.get(metric, run.metrics.get("train_loss"))
        told = "–" if value is None else f"{value:.4g}"
        parameters = " ".join(f"{_value(part)}" for part in run.parameters.values())
        table.add_row(run.id, str(run.seed), _state(run.state), told, escape(parameters))
    return table


def losses_table(losses: Losses) -> Table:
    """One line for each epoch."""
    shown = [name for name in losses.columns if any(value is not None for value in losses[name])]
    table = _table()
    for name in shown:
        heading = _short(name.replace("score", losses.score or "score"))
        table.add_column(heading, justify="right", overflow="fold", min_width=6)
    for row in losses:
        table.add_row(*(_number(name, row[name]) for name in shown))
    return table


def facts_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Table:
    """Named columns of documents, as they are."""
    table = _table(*columns)
    for row in rows:
        table.add_row(*(escape(_value(row.get(name))) for name in columns))
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
        table.add_column(name.replace("_", " "), justify="right", overflow="fold")
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
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in left:
        table.add_column(
            heading,
            no_wrap=heading in ("id", "run", ""),
            overflow="ellipsis" if heading == "name" else "fold",
        )
    return table


def _state(state: str) -> Text:
    return Text(state, style=STATE_STYLES.get(state, ""))


def _short(metric: str) -> str:
    return metric.replace("validation_", "val. ").replace("_", " ")


def _cut(text: str) -> str:
    return escape(text if len(text) <= 60 else text[:59] + "…")


def _number(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if name == "epoch" else f"{value:.4g}"


def _value(value: Any) -> str:
    from backsweep_client.numbers import plain

    return plain(value)
