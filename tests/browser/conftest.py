"""The real application with real runs, and a browser that remembers everything it complained about."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from core.environment import environment_class
from service.app import create_app
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import submit
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from tests.servers.missing import unavailable
from worker.context import Context
from worker.execution import execute_next

TOKEN = "a-token-of-the-tests-0123456789"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script> "quoted" &amp; {{ 7 * 7 }}'
RATES = {"distribution": "log_uniform_values", "min": 0.01, "max": 1000, "count": 6}
PARAMETERS: dict[str, Any] = {"learning_rate": RATES, "hidden_layers": {"value": [8]}, "epochs": 6}
SWEEP: dict[str, Any] = {"name": HOSTILE, "dataset": "iris", "seeds": 4, "parameters": PARAMETERS}


@dataclass(slots=True)
class Site:
    """A served application, and the worker beside it that trains when it is told to."""

    address: str
    database: Database
    worker: Context

    def submit(self, **changes: Any) -> str:
        """The public id of a new sweep that nobody has trained yet."""
        body = json.dumps({**SWEEP, **changes}).encode()
        owner = self.database.run(local_owner)
        found = submit(self.database, owner_id=owner, body=body, idempotency_key=None, max_runs=1_000)
        return found.public_id

    def train(self, populations: int = 1_000) -> None:
        """Train queued populations, all of them unless told how many."""
        for _ in range(populations):
            if not execute_next(self.worker):
                return


@pytest.fixture(scope="session")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole application on a free port; the broker is nobody."""
    home = tmp_path_factory.mktemp("home")
    database_file = home / "backsweep.db"
    database_file.write_bytes(sqlite_template.read_bytes())
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        settings = Settings.from_environment(
            {
                "BACKSWEEP_HOME": str(home),
                "BACKSWEEP_DATABASE_URL": f"sqlite:///{database_file}",
                "BACKSWEEP_TOKEN": TOKEN,
                "BACKSWEEP_PORT": str(port),
                "BACKSWEEP_RECORD_SECONDS": "0.05",
            }
        )
        server = uvicorn.Server(
            uvicorn.Config(create_app(settings, ring=lambda _: None), log_level="warning", lifespan="on")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            time.sleep(0.01)
        database = Database(settings.database_url)
        yield Site(f"http://127.0.0.1:{port}", database, _worker(database, settings))
        server.should_exit = True
        thread.join(10)
        database.dispose()


@pytest.fixture(scope="session")
def finished(site: Site) -> str:
    """A completed sweep with a hostile name, in which the largest rates diverge or collapse."""
    sweep = site.submit()
    site.train()
    return sweep


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine."""
    found = next((path for path in CHROMIUM if Path(path).exists()), None)
    if found is None:
        unavailable("Chromium", f"none of {', '.join(CHROMIUM)} exists")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Visitor:
    """A signed-in page; `complaints` are its errors, failed loads and violations of the policy."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the site."""
        self.page.goto(self.site.address + path)
        return self.page

    def sees_charts(self, count: int) -> None:
        """Wait until so many charts are drawn, with something in them."""
        self.page.wait_for_function("n => document.querySelectorAll('[data-drawn]').length >= n", arg=count)
        assert self.page.locator("[data-drawn] .scatterlayer .trace").count() >= count


@pytest.fixture(scope="session")
def signed_in(site: Site, browser: Browser) -> dict[str, Any]:
    """The storage of a browser that followed the terminal's link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/#token={TOKEN}")
    page.wait_for_url(f"{site.address}/sweeps")
    state: Any = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture
def context_options() -> dict[str, Any]:
    """How the browser is set up; a test may say otherwise."""
    return {}


@pytest.fixture
def context(
    browser: Browser, signed_in: Any, context_options: dict[str, Any]
) -> Iterator[BrowserContext]:
    """A fresh window with the session's cookie."""
    context = browser.new_context(storage_state=signed_in, **context_options)
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def visitor(context: BrowserContext, site: Site) -> Iterator[Visitor]:
    """A signed-in page; the test fails if anything in it went wrong unseen."""
    visitor = Visitor(context.new_page(), site)
    watch(visitor.page, visitor.complaints)
    yield visitor
    assert visitor.complaints == []


def watch(page: Page, complaints: list[str]) -> None:
    """Collect what a page complains about; a violation of the policy is an error in the console."""
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console", lambda said: complaints.append(f"console: {said.text}") if said.type in ("error", "warning") else None
    )
    page.on("requestfailed", lambda asked: complaints.append(f"failed: {asked.url}") if _ours(asked.failure) else None)


def _ours(failure: str | None) -> bool:
    # A request that a page leaves behind when it is closed is not a fault.
    return failure is not None and "ERR_ABORTED" not in failure


def _worker(database: Database, settings: Settings) -> Context:
    digest = database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment=environment_class()
        )
    )
    return Context(database, settings, "w1", digest)
