"""How sweeps and answers draw themselves in a notebook: HTML without scripts, every text escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from backsweep_client.numbers import plain
from backsweep_client.pictures import response
from backsweep_client.problems import BacksweepError
from backsweep_client.summary import Interval, SettingSummary, Summary

if TYPE_CHECKING:
    from backsweep_client.sweeps import Sweep

MOST_SETTINGS = 20  # rows of the table; the best come first
CELL = 'style="text-align:right;padding:2px 10px"'


def sweep_html(sweep: Sweep) -> str:
    """A sweep as it is known: progress, and the answer as far as there is one.

    The answer is asked of the service. What cannot be had is said, and never raised: a display that fails
    would hide the sweep itself.
    """
    try:
        answer = summary_html(sweep.summary())
    except BacksweepError as error:
        answer = f"<p>{escape(str(error))}</p>"
    return f"<div>{progress_html(sweep)}{answer}</div>"


def progress_html(sweep: Sweep) -> str:
    """Name, state and a bar."""
    runs = sum(sweep.counts.values())
    counts = ", ".join(f"{count:,} {state}" for state, count in sweep.counts.items() if count)
    return (
        f"<p><strong>{escape(sweep.name)}</strong> "
        f'<a href="{escape(sweep.page)}">{escape(sweep.state)}</a></p>'
        f'<p><progress value="{sweep.fraction:.4f}" max="1" style="width:20em"></progress> '
        f"{sweep.fraction:.0%} of {runs:,} runs: {escape(counts)}</p>"
    )


def summary_html(summary: Summary) -> str:
    """The headline, the picture and the table of settings."""
    notes = "".join(f"<li>{escape(note)}</li>" for note in summary.notes)
    return f"<p><strong>{escape(summary.headline)}</strong></p>{response(summary).svg}{_table(summary)}" + (
        f"<ul>{notes}</ul>" if notes else ""
    )


def _table(summary: Summary) -> str:
    names = list(summary.group_by)
    metrics = list(
        dict.fromkeys([summary.metric, *(name for each in summary.settings for name in each.metrics)])
    )
    shown = _ranked(summary)[:MOST_SETTINGS]
    headings = "".join(
        f"<th {CELL}>{escape(text)}</th>" for text in ("", *names, *metrics, "diverged", "collapsed")
    )
    rows = "".join(_row(each, names, metrics) for each in shown)
    left = len(summary.settings) - len(shown)
    more = f"<p>and {left:,} more settings</p>" if left else ""
    return f"<table><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>{more}"


def _ranked(summary: Summary) -> list[SettingSummary]:
    """The best first, then those with it, then the rest in their order, when there is more than fits."""
    if len(summary.settings) <= MOST_SETTINGS:
        return list(summary.settings)
    return sorted(summary.settings, key=lambda each: (not each.best, not each.in_best_set))


def _row(each: SettingSummary, names: list[str], metrics: list[str]) -> str:
    mark = "●" if each.best else "○" if each.in_best_set else ""
    cells = [mark, *(plain(each.setting.get(name)) for name in names)]
    cells += [_interval(each.metrics.get(name)) for name in metrics]
    cells += [f"{each.diverged} of {each.runs}", f"{each.collapsed} of {each.runs}"]
    return "<tr>" + "".join(f"<td {CELL}>{escape(text)}</td>" for text in cells) + "</tr>"


def _interval(interval: Interval | None) -> str:
    if interval is None or interval.mean is None:
        return "–"
    if interval.low is None or interval.high is None:
        return f"{interval.mean:.4g}"
    return f"{interval.mean:.4g} [{interval.low:.4g}, {interval.high:.4g}]"
