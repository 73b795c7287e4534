"""The real application with real runs, and a browser that remembers everything it complained about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.browser.site import TOKEN, Site, served
from tests.browser.visitor import Visitor, visiting
from tests.servers.missing import unavailable

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

# A machine that is busy with other things draws late, which is no fault of a page.
PATIENCE = 60_000  # milliseconds
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole application, for all tests with a browser."""
    home = tmp_path_factory.mktemp("home")
    shutil.copy(sqlite_template, home / "backsweep.db")
    with served(home) as site:
        yield site


@pytest.fixture(scope="session")
def finished(site: Site) -> str:
    """A completed sweep with a hostile name, in which the largest rates diverge or collapse."""
    sweep = site.submit()
    site.train()
    return sweep


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, for one file: Playwright's event loop runs as long as it is there."""
    found = next((path for path in CHROMIUM if Path(path).exists()), None)
    if found is None:
        unavailable("Chromium", f"none of {', '.join(CHROMIUM)} exists")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def signed_in(site: Site, browser: Browser) -> dict[str, Any]:
    """The storage of a browser that followed the terminal's link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/#token={TOKEN}")
    page.wait_for_url(f"{site.address}/sweeps")
    state: Any = context.storage_state()
    context.close()
    return dict(state)


@pytest.fixture(scope="module")
def window(browser: Browser, signed_in: Any) -> Iterator[BrowserContext]:
    """One window for all tests that do not care how it looks: its cache keeps the modules."""
    window = browser.new_context(storage_state=signed_in)
    window.set_default_timeout(PATIENCE)
    yield window
    window.close()


@pytest.fixture
def visitor(window: BrowserContext, site: Site) -> Iterator[Visitor]:
    """A signed-in page; the test fails if anything in it went wrong unseen."""
    with visiting(window, site) as visitor:
        yield visitor
