"""Verbs about sweeps: submit one, look at it, wait for it, steer it."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer

from service.commands.arguments import AsJson, Cursor, Limit, SweepArgument, sweep_id
from service.commands.exits import connected
from service.commands.output import say, show, write

PANEL = "Sweeps"
STDIN = "-"


def submit(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A sweep in JSON or YAML; - reads stdin.")],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Watch it to its end; 1 if it fails.")] = False,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what it would be.")] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same body with the same key is the same sweep.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Submit a sweep, and print its id."""
    from backsweep_client import submission

    with connected() as client:
        body = submission.guess(sys.stdin.buffer.read()) if file == STDIN else submission.read(file)
        if preview:
            _print_preview(client.preview(body), as_json=as_json)
            return
        sweep = client.submit(body, idempotency_key=idempotency_key)
        if as_json and not wait:
            write(json.dumps(sweep.document).encode())
            return
        for warning in sweep.warnings:
            say(f"note: {warning}")
        if not wait:
            say(f"{sweep.id}\n{sum(sweep.counts.values()):,} runs; {sweep.page}")
            return
        from service.commands.watching import watch_to_the_end

        watch_to_the_end(sweep)


def watch(sweep: SweepArgument) -> None:
    """Show a sweep's progress until it is final, and its answer; Ctrl-C leaves it running."""
    from service.commands.watching import watch_to_the_end

    with connected() as client:
        watch_to_the_end(client.sweep(sweep_id(client, sweep)))


def sweeps(limit: Limit = 20, *, cursor: Cursor = None, as_json: AsJson = False) -> None:
    """List your sweeps, the newest first."""
    with connected() as client:
        if as_json:
            params = {"limit": limit, "cursor": cursor}
            write(client.transport.request("GET", "/sweeps", params=params).content)
            return
        from service.commands.rendering import sweeps_table

        show(sweeps_table(client.sweeps(limit)))


def sweep(sweep: SweepArgument, *, as_json: AsJson = False) -> None:
    """Show one sweep: how far it is, its headline and its settings."""
    with connected() as client:
        found = sweep_id(client, sweep)
        if as_json:
            write(client.transport.request("GET", f"/sweeps/{found}").content)
            return
        from service.commands.rendering import sweep_view

        known = client.sweep(found)
        show(sweep_view(known, known.summary()))


def summary(
    sweep: SweepArgument,
    *,
    group_by: Annotated[str | None, typer.Option(help="Parameters that make a setting, by commas.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a sweep's answer: its headline and a table of settings, by any parameter."""
    with connected() as client:
        found = sweep_id(client, sweep)
        if as_json:
            params = {"group_by": group_by}
            write(client.transport.request("GET", f"/sweeps/{found}/summary", params=params).content)
            return
        from service.commands.rendering import summary_view

        show(summary_view(client.sweep(found).summary(group_by)))


def pause(sweep: SweepArgument) -> None:
    """Hold a sweep's runs back; workers stop within about a second."""
    _intend(sweep, "pause")


def resume(sweep: SweepArgument) -> None:
    """Let a paused sweep go on, to the bits that it would have had without the pause."""
    _intend(sweep, "resume")


def cancel(sweep: SweepArgument) -> None:
    """End every run of a sweep that is not final."""
    _intend(sweep, "cancel")


def retry(sweep: SweepArgument) -> None:
    """Queue a sweep's failed and canceled runs again."""
    _intend(sweep, "retry")


def extend(
    sweep: SweepArgument,
    *,
    seeds: Annotated[
        int | None, typer.Option(help="How many more seeds each setting is trained with.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="How many epochs each run has from now on.")] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="One more value of a parameter; may be repeated."),
    ] = None,
) -> None:
    """Add seeds, epochs or values of parameters to a sweep."""
    parameters: dict[str, Any] = {}
    for each in value or ():
        name, _, text = each.partition("=")
        parameters.setdefault(name.strip(), {"values": []})["values"].append(_parsed(text))
    with connected() as client:
        found = client.sweep(sweep_id(client, sweep))
        found.extend(seeds=seeds, epochs=epochs, parameters=parameters or None)
        say(f"{found.name}: {found.state}, {sum(found.counts.values()):,} runs")


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    for verb in (submit, watch, sweeps, sweep, summary, pause, resume, cancel, retry, extend):
        app.command(rich_help_panel=PANEL)(verb)


def _intend(sweep: str, verb: str) -> None:
    with connected() as client:
        found = client.sweep(sweep_id(client, sweep))
        getattr(found, verb)()
        say(f"{found.name}: {found.state}")


def _print_preview(preview: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write(json.dumps(preview).encode())
        return
    for name, value in preview.items():
        say(f"{name.replace('_', ' ')}: {_told(value)}")


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_told, value)) or "none"
    return (
        f"{value:,}" if isinstance(value, int | float) else "not known yet" if value is None else str(value)
    )


def _parsed(text: str) -> Any:
    """A number or a list where it reads as one, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
