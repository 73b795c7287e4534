"""Verbs about runs: find them, read their losses, take their weights away, ask them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.arguments import AsJson, Cursor, Limit, RunArgument, SweepArgument, sweep_id
from service.commands.exits import Code, connected, end
from service.commands.output import say, show, write

PANEL = "Runs"

Which = Annotated[str, typer.Option(help="`final` or `best`.")]


def runs(
    filter: Annotated[  # noqa: A002 - the API's name for it
        str | None,
        typer.Option(help="A query, such as: metrics.validation_loss < 0.1 and params.activation = 'relu'"),
    ] = None,
    *,
    sweep: Annotated[str | None, typer.Option(help="Of this sweep alone; `latest` is the newest.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="In this state; may be repeated.")] = None,
    role: Annotated[str | None, typer.Option(help="`search`, or a baseline's.")] = None,
    order_by: Annotated[
        str | None, typer.Option(help="A column, with - in front from the largest down.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List runs, of one sweep or of all."""
    with connected() as client:
        of = sweep_id(client, sweep) if sweep else None
        if as_json:
            asked: dict[str, Any] = {"sweep": of, "filter": filter, "state": state or None, "role": role}
            page = {"order_by": order_by, "limit": limit, "cursor": cursor}
            write(client.transport.request("GET", "/runs", params={**asked, **page}).content)
            return
        from service.commands.rendering import runs_table

        one = client if of is None else client.sweep(of)
        found = list(one.runs(filter, order_by=order_by, state=state or (), role=role, limit=limit))
        show(runs_table(found) if found else "No run is so.")


def run(run: RunArgument, *, as_json: AsJson = False) -> None:
    """Show one run: its configuration and its metrics."""
    with connected() as client:
        if as_json:
            write(client.transport.request("GET", f"/runs/{run}").content)
            return
        from service.commands.rendering import facts_table

        known = client.run(run)
        reason = f" ({known.reason})" if known.reason else ""
        say(f"run {known.number}, seed {known.seed}: {known.state}{reason}")
        facts = [*known.metrics.items(), *known.configuration.items()]
        show(facts_table([{"name": name, "value": value} for name, value in facts], ["name", "value"]))


def losses(
    run: RunArgument,
    *,
    max_points: Annotated[
        int | None, typer.Option(min=10, max=10_000, help="Most rows; spikes stay.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what each recorded epoch of a run measured."""
    with connected() as client:
        if as_json:
            params = {"max_points": max_points}
            write(client.transport.request("GET", f"/runs/{run}/losses", params=params).content)
            return
        from service.commands.rendering import losses_table

        show(losses_table(client.run(run).losses(max_points=max_points)))


def weights(
    run: RunArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file; stdout without one.")
    ] = None,
    format: Annotated[  # noqa: A002 - the API's name for it
        str | None, typer.Option(help="safetensors, npz, onnx or json; by default as the file's name says.")
    ] = None,
    which: Which = "final",
) -> None:
    """Download a run's weights."""
    form = format or (output.suffix.removeprefix(".") if output else "") or "safetensors"
    if output is None and sys.stdout.isatty() and form != "json":
        end(f"{form} is no text for a terminal: name a file with -o, or send it through a pipe")
    with connected() as client:
        content = client.run(run).weights_bytes(form, which)
        if output is None:
            write(content)
            return
        output.write_bytes(content)
        say(f"{output}: {len(content):,} bytes of {form}")


def predict(
    run: RunArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="A row for each example, with a header.")],
    *,
    which: Which = "final",
    as_json: AsJson = False,
) -> None:
    """Have a run's network predict the rows of a CSV file."""
    from service.commands.rows import kinds, read_rows

    with connected() as client:
        known = client.run(run)
        answer = known.predict(read_rows(file, kinds(client.preprocessing(known.sweep))), which)
        if as_json:
            write(json.dumps(answer).encode())
            return
        for prediction in answer["predictions"]:
            say(_in_a_line(prediction, answer["classes"]))


def _in_a_line(prediction: Mapping[str, Any], classes: Sequence[Any] | None) -> str:
    """A class with its probabilities, or values by name."""
    if classes is None:
        return "  ".join(f"{name} {value}" for name, value in prediction["values"].items())
    shares = prediction["probabilities"] or prediction["outputs"]
    told = "  ".join(f"{label} {share}" for label, share in zip(classes, shares, strict=True))
    return f"{prediction['class']}  ({told})"


def verify(
    run: RunArgument,
    *,
    wait: Annotated[bool, typer.Option(help="Until it has ended.")] = True,
    as_json: AsJson = False,
) -> None:
    """Have a run trained again alone, and weights and losses compared; exit code 1 if they differ."""
    with connected() as client:
        answer = client.run(run).verify(wait=wait)
        if as_json:
            write(json.dumps(answer).encode())
        else:
            say(answer["sentence"])
        if answer["state"] in ("differs", "failed"):
            raise typer.Exit(Code.FAILURE)


def export(
    sweep: SweepArgument,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A name that ends in .csv, .parquet or .jsonl.")
    ],
    *,
    format: Annotated[str | None, typer.Option(help="csv, parquet or jsonl.")] = None,  # noqa: A002 - the API's
) -> None:
    """Write a sweep's runs to a file."""
    with connected() as client:
        path = client.sweep(sweep_id(client, sweep)).export(output, format)
        say(f"{path}: {path.stat().st_size:,} bytes")


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    for verb in (runs, run, losses, weights, predict, verify, export):
        app.command(rich_help_panel=PANEL)(verb)
