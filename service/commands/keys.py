"""Keys for a class or a team by one command: made, listed and revoked.

Where BACKSWEEP_URL names a service it is asked, with the token or admin key in BACKSWEEP_TOKEN. Otherwise the
database of this machine's settings is written to directly.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.arguments import AsJson
from service.commands.exits import Code, connected, end, told_plainly

if TYPE_CHECKING:
    from service.commands.keys_here import KeysHere
    from service.commands.keys_there import KeysThere

keys = typer.Typer(
    name="keys", help="Keys for people and programs that share a service.", no_args_is_help=True
)

COLUMNS = ("owner", "key", "link")
MOST_COUNT = 1_000

Limit = Annotated[int | None, typer.Option(min=1, help="For these keys, in place of the setting.")]


@keys.command()
def create(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[OWNER]...", help="Whom the keys are for.")
    ] = None,
    *,
    owners: Annotated[Path | None, typer.Option(help="A file with one name a line.")] = None,
    count: Annotated[int | None, typer.Option(min=1, max=MOST_COUNT, help="So many numbered owners.")] = None,
    prefix: Annotated[str, typer.Option(help="Of the numbered owners' names.")] = "student",
    scope: Annotated[
        list[str] | None, typer.Option(help="read, submit or admin; may be repeated. Else read and submit.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="How long they are valid; else until revoked.")
    ] = None,
    name: Annotated[str, typer.Option(help="What they are for.")] = "",
    out: Annotated[Path | None, typer.Option(help="A CSV file that only you can read; else print.")] = None,
    requests_per_minute: Limit = None,
    queued_runs: Limit = None,
    runs_per_sweep: Limit = None,
    stored_bytes: Limit = None,
    as_json: AsJson = False,
) -> None:
    """Make an owner with a key of their own for each name, all or none; keys are shown once."""
    limits = {
        "requests_per_minute": requests_per_minute,
        "queued_runs": queued_runs,
        "runs_per_sweep": runs_per_sweep,
        "stored_bytes": stored_bytes,
    }
    asked = {
        "owners": _names(names or [], owners, count, prefix),
        "name": name,
        "scopes": scope or ["read", "submit"],
        "days": days,
        "limits": {each: value for each, value in limits.items() if value is not None},
    }
    with _somewhere() as place, _written_to(out) as file:
        made = place.create(asked)
        file.write(json.dumps({"items": made}, indent=2) + "\n" if as_json else _table(made, COLUMNS))
    if out is not None:
        typer.echo(f"{len(made)} keys are in {out}, for your eyes only: they cannot be shown again.")


@keys.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List keys without their secrets, the newest first."""
    with _somewhere() as place:
        found = list(place.keys())
    if as_json:
        typer.echo(json.dumps({"items": found}, indent=2))
        return
    rows = [{**key, "owner": key["owner"]["name"], "scopes": " ".join(key["scopes"])} for key in found]
    typer.echo(_table(rows, ("id", "owner", "name", "scopes", "is_valid", "last_used_at")), nl=False)


@keys.command()
def revoke(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Ids, as `list` shows.")] = None,
    *,
    owner: Annotated[
        str | None, typer.Option(help="Shut this owner out, by name, with all keys and sessions, for good.")
    ] = None,
) -> None:
    """End keys, or all that an owner has, at once; sweeps and datasets stay."""
    if not ids and owner is None:
        end("name keys, or --owner NAME", Code.USAGE)
    with _somewhere() as place:
        for each in ids or ():
            place.revoke_key(each)
            typer.echo(f"key {each} opens nothing any more")
        if owner is not None:
            place.revoke_owner(owner)
            typer.echo(f"owner {owner} is shut out")


def _names(given: list[str], file: Path | None, count: int | None, prefix: str) -> list[str]:
    found = list(given)
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeError) as error:
            end(f"{file} cannot be read: {error}", Code.USAGE)
        found += [line.strip() for line in lines if line.strip()]
    if count is not None:
        found += [f"{prefix}{number:0{len(str(count))}d}" for number in range(1, count + 1)]
    if not found:
        end("nobody is named: give names, --owners FILE or --count N", Code.USAGE)
    twice = sorted({each for each in found if found.count(each) > 1})
    if twice:
        end(f"named twice: {', '.join(twice)}", Code.USAGE)
    return found


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text  # a spreadsheet would compute it


@contextmanager
def _written_to(path: Path | None) -> Iterator[Any]:
    """Stdout, or a new file with mode 0600: opened before any key is made, gone again if none is."""
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        end(f"{path} is there already; keys are not written over anything", Code.USAGE)
    except OSError as error:
        end(f"{path} cannot be written: {error.strerror}", Code.USAGE)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - of a descriptor
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


@contextmanager
def _somewhere() -> Iterator[KeysHere | KeysThere]:
    if os.environ.get("BACKSWEEP_URL"):
        from service.commands.keys_there import KeysThere

        with connected() as client:
            yield KeysThere(client)
    else:
        from service.commands.keys_here import KeysHere

        with told_plainly() as settings, KeysHere.of(settings) as here:
            yield here
