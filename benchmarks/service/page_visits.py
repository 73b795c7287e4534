"""Visits to a page in headless Chromium: when something is first seen, what was loaded, what held it up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE: Any = {"width": 1280, "height": 900}
PATIENCE = 30_000.0  # milliseconds
# Runs before anything of the page: writes down when the page is first drawn, when each chart is, and every
# task of the page's thread that takes longer than 50 ms.
WATCH = """
(() => {
  window.seen = { charts: [], tasks: [] };
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) window.seen.tasks.push(Math.round(task.duration));
  }).observe({ type: "longtask", buffered: true });
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target.dataset?.drawn !== undefined && !target.counted) {
        target.counted = true;
        window.seen.charts.push(performance.now());
      }
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
})();
"""
LOADED = """
() => {
  const bytes = (entries) => entries.reduce((sum, each) => sum + each.transferSize, 0);
  const [visit] = performance.getEntriesByType("navigation");
  const all = [visit, ...performance.getEntriesByType("resource")];
  const ours = all.filter((each) => !each.name.includes("/plotly/") && !each.name.includes("/api/"));
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {
    answered: visit.responseEnd, painted: paint ? paint.startTime : null,
    files: bytes(ours), numbers: bytes(all.filter((each) => each.name.includes("/api/"))),
    charts: window.seen.charts, tasks: window.seen.tasks,
  };
}
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One page as it came into an empty cache; times are milliseconds from the click."""

    status: int
    answered: float  # the whole document has come
    painted: float  # the first of it is seen: headline and table are part of the document
    charts: Sequence[float]
    files: int  # bytes of the page, its sheets and modules, as they travelled; without plotly.js
    numbers: int  # bytes from the API
    tasks: Sequence[int]  # milliseconds, of those above 50


@contextmanager
def window() -> Iterator[Browser]:
    """A browser; `visit` gives it a window of its own for each page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def signed_in(browser: Browser, address: str, token: str) -> BrowserContext:
    """A window with nothing in its cache, whose visitor has followed the terminal's link."""
    context = browser.new_context(viewport=SIZE)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(f"{address}/#token={token}")
    page.wait_for_url(f"{address}/sweeps")
    state: Any = context.storage_state()
    context.close()  # and with it the cache
    fresh = browser.new_context(viewport=SIZE, storage_state=state)
    fresh.set_default_timeout(PATIENCE)
    fresh.add_init_script(WATCH)
    return fresh


def visit(browser: Browser, address: str, token: str, path: str, *, charts: int = 0) -> Visit:
    """Open a page and wait until so many charts are drawn."""
    context = signed_in(browser, address, token)
    page = context.new_page()
    answer = page.goto(address + path)
    page.wait_for_function("count => window.seen.charts.length >= count", arg=charts)
    page.wait_for_load_state("networkidle")
    found = page.evaluate(LOADED)
    context.close()
    return _read(found, answer.status if answer else 0)


def watch(page: Page, seconds: float) -> Sequence[int]:
    """Milliseconds of each task above 50 ms while the page is left to itself for so long."""
    before = len(page.evaluate("window.seen.tasks"))
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.wait_for_timeout(250)
    tasks: list[int] = page.evaluate("window.seen.tasks")
    return tasks[before:]


def _read(found: dict[str, Any], status: int) -> Visit:
    return Visit(
        status,
        found["answered"],
        found["painted"],
        found["charts"],
        found["files"],
        found["numbers"],
        found["tasks"],
    )
