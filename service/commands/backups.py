"""Verbs for keeping what a machine has stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.commands.exits import told_plainly
from service.commands.output import say


def backup(file: Annotated[Path, typer.Argument(help="Where to; it must not be there yet.")]) -> None:
    """Copy the SQLite database of this machine to one file, also while it is used, and check the copy."""
    from service.store.backup import back_up

    with told_plainly() as settings:
        found = back_up(settings.database_url, file)
        say(f"{found.path}: {found.size:,} bytes, checked, SHA-256 {found.sha256}")


def restore(file: Annotated[Path, typer.Argument(help="What `backsweep backup` has made.")]) -> None:
    """Put a backup in the place of this machine's SQLite database; nothing may be running.

    The database of before is kept beside it.
    """
    from service.supervisor.restore import restore as put_back

    with told_plainly() as settings:
        done = put_back(settings, file)
        say(f"{done.store} is what was backed up, with this version's schema.")
        if done.before is not None:
            say(f"The database of before is {done.before}; delete it when you do not need it.")


def register(cli: typer.Typer) -> None:
    """Add these verbs."""
    for verb in (backup, restore):
        cli.command(rich_help_panel="Serve")(verb)
