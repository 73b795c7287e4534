"""Verbs of a machine that serves: they start things here, or look at what runs here."""

from __future__ import annotations

import os
import sys

import typer

from service.commands.exits import Code, end, told_plainly
from service.commands.output import console, say

SERVICE = "Serve"


def up() -> None:
    """Run everything on this machine until Ctrl-C: database, broker, workers, API and dashboard."""
    from service.supervisor.up import serve as run

    with told_plainly() as settings:
        run(settings, say=say)


def demo() -> None:
    """Run everything, train a learning-rate sweep on the digits, and show the answer.

    On a terminal it then serves until Ctrl-C; without one it ends and leaves nothing behind.
    """
    import httpx

    from service.demo import run_demo
    from service.supervisor import interrupts
    from service.supervisor.up import started

    out = console()
    with told_plainly() as settings, started(settings, say=say) as site:
        say(f"Backsweep runs with {site.workers} workers and {site.broker}.")
        headers = {"Authorization": f"Bearer {site.token}"}
        with httpx.Client(base_url=site.url, headers=headers, timeout=30, trust_env=False) as client:
            page = run_demo(client, out)
        if sys.stdout.isatty():
            out.print(f"\nLook at it: [bold]{site.url}{page}#token={site.token}[/bold]", soft_wrap=True)
            out.print("Ctrl-C stops it.")
            interrupts.wait()
        else:
            out.print(f"\nThe dashboard was at {site.url}{page}; `make up` serves it again.", soft_wrap=True)


def migrate() -> None:
    """Bring the database of BACKSWEEP_DATABASE_URL to the newest schema."""
    from service.store.database import Database
    from service.store.migrate import upgrade

    with told_plainly() as settings:
        database = Database(settings.database_url)
        upgrade(database)
        database.dispose()
        say("The database has the newest schema.")


def serve() -> None:
    """Run the API and the dashboard alone; database and broker are others', as the settings name them."""
    from service import logs
    from service.supervisor.web import APPLICATION, Server, configuration

    with told_plainly() as settings:
        logs.configure(settings.log_format)
        served = configuration(APPLICATION, factory=True, host=settings.host, port=settings.port)
        Server(served).run()


def worker(name: str = typer.Argument("w1", help="Told apart on one machine by this name.")) -> None:
    """Run one worker process; database and broker are others', as the settings name them."""
    # Replaced by the other program: the service never imports the worker.
    os.execv(sys.executable, [sys.executable, "-m", "worker", name])  # noqa: S606 - our own program


def check() -> None:
    """Ask the API on this machine whether it is ready; ends with 1 if it is not."""
    import httpx

    with told_plainly() as settings:
        try:
            answer = httpx.get(f"http://127.0.0.1:{settings.port}/readyz", timeout=3, trust_env=False)
        except httpx.TransportError as error:
            end(f"nothing answers on port {settings.port}: {error}", Code.UNREACHABLE)
        say(answer.text)
        if answer.is_error:
            raise typer.Exit(Code.FAILURE)


def link() -> None:
    """Print the address that logs a browser in to the Backsweep that runs on this machine."""
    with told_plainly() as settings:
        path = settings.token_file
        try:
            token = path.read_text(encoding="ascii").strip()
        except OSError:
            end(f"there is no token in {path}; `backsweep up` makes one")
        say(f"http://{settings.host}:{settings.port}/#token={token}")


def register(app: typer.Typer) -> None:
    """Add these verbs."""
    for verb in (up, demo, serve, worker, migrate, check, link):
        app.command(rich_help_panel=SERVICE)(verb)
