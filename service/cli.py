"""The `backsweep` command: each verb does one thing and says plainly what went wrong."""

from __future__ import annotations

import typer

from service.commands import backups, datasets, keys, runs, site, sweeps
from service.commands.exits import CODES_IN_WORDS

cli = typer.Typer(
    name="backsweep",
    help="Trains thousands of small neural networks and answers which settings work, and how sure that is.",
    epilog=CODES_IN_WORDS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for _verbs in (site, backups, sweeps, runs):
    _verbs.register(cli)
cli.add_typer(datasets.datasets, rich_help_panel="Datasets")
cli.add_typer(keys.keys, rich_help_panel="Serve")


def main() -> None:
    """Run the command line."""
    cli()


if __name__ == "__main__":
    main()
