"""The demonstration is an ordinary client: it submits over HTTP what anybody could submit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

SUBMISSION: dict[str, Any] = {
    "name": "digits: which learning rate?",
    "dataset": "digits",
    "rerun": True,
    "scale": "minmax",
    "seeds": 20,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 10, "count": 13},
        "hidden_layers": {"value": [64]},
        "loss": "cross_entropy",
        "epochs": 30,
        "batch_size": 32,
    },
}
POLL_SECONDS = 0.1
FINAL_STATES = ("completed", "failed", "canceled")


def run_demo(client: httpx.Client, console: Console) -> str:
    """Submit the sweep, show it while it trains, and print the answer; the path of its page.

    Raises:
        httpx.HTTPStatusError: the service refused something.
    """
    begun = time.monotonic()
    sweep = _answer(client.post("/api/v1/sweeps", json=SUBMISSION))
    console.print(
        f"Submitted [bold]{sweep['name']}[/bold]: {sweep['runs']} runs (13 learning rates × 20 seeds, "
        f"{SUBMISSION['parameters']['epochs']} epochs each) and their baselines"
    )
    sweep = _watch(client, sweep, console)
    summary = _answer(client.get(f"/api/v1/sweeps/{sweep['id']}/summary"))
    seconds = time.monotonic() - begun
    console.print(_table(summary))
    console.print(f"\n[bold]{escape(summary['headline'])}[/bold]\n", highlight=False, soft_wrap=True)
    console.print(_speed(client, sweep, seconds), highlight=False, soft_wrap=True)
    return str(sweep["links"]["page"])


def _watch(client: httpx.Client, sweep: dict[str, Any], console: Console) -> dict[str, Any]:
    with _progress(console, sweep["progress"]["epochs_total"]) as advance:
        while sweep["state"] not in FINAL_STATES:
            time.sleep(POLL_SECONDS)
            sweep = _answer(client.get(f"/api/v1/sweeps/{sweep['id']}"))
            advance(sweep["progress"]["epochs_done"], sweep["state"])
    return sweep


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Any]:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} run-epochs"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("queued", total=total)
        yield lambda done, state: progress.update(task, completed=done, description=state)


def _table(summary: dict[str, Any]) -> Table:
    table = Table(
        title="Validation by learning rate: mean and 95 % interval over seeds",
        title_justify="left",
        caption="● best   ○ cannot be told apart from it",
        caption_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("", min_width=1, no_wrap=True)
    for heading in ("rate", "loss", "accuracy", "diverged", "collapsed"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in summary["settings"]:
        metrics = row["metrics"]
        table.add_row(
            "●" if row["best"] else "○" if row["in_best_set"] else "",
            f"{row['setting']['learning_rate']:.3g}",
            _with_interval(metrics["validation_loss"], ".3f"),
            _with_interval(metrics["validation_accuracy"], ".1%"),
            f"{row['diverged']} of {row['runs']}",
            f"{row['collapsed']} of {row['runs']}",
            style="bold green" if row["best"] else "green" if row["in_best_set"] else None,
        )
    return table


def _with_interval(metric: dict[str, Any], form: str) -> str:
    if metric["mean"] is None:
        return "–"
    if metric["low"] is None or metric["high"] is None:
        return format(metric["mean"], form)
    interval = f"[{metric['low']:{form}}, {metric['high']:{form}}]"
    return escape(f"{metric['mean']:{form}} {interval.replace('%,', ',')}")


def _speed(client: httpx.Client, sweep: dict[str, Any], seconds: float) -> str:
    epochs = sweep["progress"]["epochs_done"]
    workers = _answer(client.get("/readyz"))["workers"]["live"]
    return (
        f"{sum(sweep['counts'].values())} networks, {epochs:,} run-epochs on {workers} workers: "
        f"{seconds:.1f} s from submit to headline ({epochs / seconds:,.0f} run-epochs per second)"
    )


def _answer(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
