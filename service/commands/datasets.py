"""Verbs about datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.commands.arguments import AsJson
from service.commands.exits import connected
from service.commands.output import say, show, write

datasets = typer.Typer(name="datasets", help="What can be trained on.", no_args_is_help=True)

DatasetArgument = Annotated[str, typer.Argument(metavar="DATASET", help="A dataset's name or id.")]


@datasets.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """List your datasets and those that come with Backsweep."""
    with connected() as client:
        if as_json:
            write(client.transport.request("GET", "/datasets").content)
            return
        from service.commands.rendering import facts_table

        found = client.datasets()
        rows = [{**each, "target": each["default_target"], "columns": each["column_count"]} for each in found]
        show(facts_table(rows, ["name", "rows", "columns", "target", "task"]))


@datasets.command()
def upload(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet.")],
    *,
    name: Annotated[str | None, typer.Option(help="By default the file's name.")] = None,
    target: Annotated[str | None, typer.Option(help="The column that sweeps predict by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Store a dataset, and print what was read in it."""
    with connected() as client:
        answer = client.upload(file, name, target=target)
        if as_json:
            import json

            write(json.dumps(answer).encode())
            return
        say(f"{answer['id']}\n{answer['name']}: {answer['rows']:,} rows, {len(answer['columns'])} columns")
        from service.commands.rendering import facts_table

        columns = ["name", "kind", "missing", "distinct", "minimum", "maximum"]
        show(facts_table(answer["columns"], columns))
        for warning in answer["warnings"]:
            say(f"note: {warning['message']}")


@datasets.command()
def preview(dataset: DatasetArgument, *, as_json: AsJson = False) -> None:
    """Show a dataset's first rows."""
    with connected() as client:
        if as_json:
            write(client.transport.request("GET", f"/datasets/{dataset}/preview").content)
            return
        from service.commands.rendering import rows_table

        answer = client.preview_dataset(dataset)
        show(rows_table(answer["columns"], answer["rows"]))


@datasets.command()
def delete(dataset: DatasetArgument) -> None:
    """Remove a dataset that no sweep uses."""
    with connected() as client:
        client.delete_dataset(dataset)
        say(f"{dataset} is deleted.")
