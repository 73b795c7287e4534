"""The `backsweep` command: each verb does one thing and says plainly what went wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from service.errors import BacksweepError
from service.settings import InvalidSetting, Settings

cli = typer.Typer(
    name="backsweep",
    help="Trains thousands of small neural networks and answers which settings work, and how sure that is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(highlight=False)


@cli.command()
def up() -> None:
    """Run everything on this machine until Ctrl-C: database, broker, workers, API and dashboard."""
    from service.supervisor.up import serve

    with _told_plainly() as settings:
        serve(settings, say=_say)


@cli.command()
def demo() -> None:
    """Run everything, train a learning-rate sweep on the digits, and show the answer.

    On a terminal it then serves until Ctrl-C; without one it ends and leaves nothing behind.
    """
    import httpx

    from service.demo import run_demo
    from service.supervisor import interrupts
    from service.supervisor.up import started

    with _told_plainly() as settings, started(settings, say=_say) as site:
        _say(f"Backsweep runs with {site.workers} workers and {site.broker}.")
        headers = {"Authorization": f"Bearer {site.token}"}
        with httpx.Client(base_url=site.url, headers=headers, timeout=30, trust_env=False) as client:
            page = run_demo(client, console)
        if sys.stdout.isatty():
            console.print(f"\nLook at it: [bold]{site.url}{page}#token={site.token}[/bold]", soft_wrap=True)
            console.print("Ctrl-C stops it.")
            interrupts.wait()
        else:
            console.print(
                f"\nThe dashboard was at {site.url}{page}; `make up` serves it again.", soft_wrap=True
            )


@cli.command()
def migrate() -> None:
    """Bring the database of BACKSWEEP_DATABASE_URL to the newest schema."""
    from service.store.database import Database
    from service.store.migrate import upgrade

    with _told_plainly() as settings:
        database = Database(settings.database_url)
        upgrade(database)
        database.dispose()
        _say("The database has the newest schema.")


@cli.command()
def serve() -> None:
    """Run the API and the dashboard alone; database and broker are others', as the settings name them."""
    from service.supervisor.web import APPLICATION, Server, configuration

    with _told_plainly() as settings:
        served = configuration(APPLICATION, factory=True, host=settings.host, port=settings.port)
        Server(served).run()


@cli.command()
def worker(name: str = typer.Argument("w1", help="Told apart on one machine by this name.")) -> None:
    """Run one worker process; database and broker are others', as the settings name them."""
    # Replaced by the other program: the service never imports the worker.
    os.execv(sys.executable, [sys.executable, "-m", "worker", name])  # noqa: S606 - our own program


@cli.command()
def check() -> None:
    """Ask the API on this machine whether it is ready; ends with 1 if it is not."""
    import httpx

    with _told_plainly() as settings:
        try:
            answer = httpx.get(f"http://127.0.0.1:{settings.port}/readyz", timeout=3, trust_env=False)
        except httpx.TransportError as error:
            _end(f"nothing answers on port {settings.port}: {error}")
        _say(answer.text)
        if answer.is_error:
            raise typer.Exit(1)


@cli.command()
def link() -> None:
    """Print the address that logs a browser in to the Backsweep that runs on this machine."""
    with _told_plainly() as settings:
        path = settings.token_file
        try:
            token = path.read_text(encoding="ascii").strip()
        except OSError:
            _end(f"there is no token in {path}; `backsweep up` makes one")
        _say(f"http://{settings.host}:{settings.port}/#token={token}")


@contextmanager
def _told_plainly() -> Iterator[Settings]:
    """The settings; what a person can mend ends the command with one sentence and no traceback."""
    try:
        yield Settings.from_environment(os.environ)
    except (BacksweepError, InvalidSetting) as error:
        _end(str(error))
    except KeyboardInterrupt:
        _say("Stopped.")


def _end(message: str) -> NoReturn:
    Console(stderr=True, highlight=False).print(
        f"backsweep: {message}", style="red", markup=False, soft_wrap=True
    )
    raise typer.Exit(1)


def _say(message: str) -> None:
    console.print(message, markup=False, soft_wrap=True)


def main() -> None:
    """Run the command line."""
    cli()


if __name__ == "__main__":
    main()
