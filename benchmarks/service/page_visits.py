"""Visits to a page in headless Chromium: when something is first seen, what was loaded, what held it up."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE: Any = {"width": 1280, "height": 900}
PATIENCE = 60_000.0  # milliseconds
STEP = 450  # pixels, half a screen: so far somebody scrolls who reads on
READS = 1.0  # seconds between two steps
# Runs before anything of the page: writes down when what is asked for (SOUGHT, a selector) stands in the
# document and a frame is drawn, when each chart is drawn, and every task of the page's thread above 50 ms.
WATCH = """
(() => {
  const seen = window.seen = { sought: null, charts: [], tasks: [] };
  performance.setResourceTimingBufferSize(10000);
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.tasks.push(Math.round(task.duration));
  }).observe({ type: "longtask", buffered: true });
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (target.dataset?.drawn !== undefined && !target.counted) {
        target.counted = true;
        seen.charts.push(performance.now());
      }
    }
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-drawn"] });
  const look = () => {
    if (document.querySelector(SOUGHT)) requestAnimationFrame(() => (seen.sought = performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
LOADED = """
() => {
  const [visit] = performance.getEntriesByType("navigation");
  const all = [visit, ...performance.getEntriesByType("resource")];
  const kind = ({ name }) => {
    const path = new URL(name).pathname;
    if (path.startsWith("/api/")) return "numbers";
    const [, end] = /\\.(js|css|svg)$/.exec(path) ?? [];
    return { js: "modules", css: "sheets", svg: "pictures" }[end] ?? "document";
  };
  const bytes = {};
  for (const each of all) bytes[kind(each)] = (bytes[kind(each)] ?? 0) + each.transferSize;
  return { answered: visit.responseEnd, bytes, ...window.seen };
}
"""
UPDATES = """
() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("/summary")).length
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """One page as it came into an empty cache; times are milliseconds from the click."""

    status: int
    answered: float  # the whole document has come
    seen: float  # what is asked for has been drawn: headline and table are part of the document
    charts: Sequence[float]
    bytes: Mapping[str, int]  # as they travelled, by kind; the API's are "numbers"
    tasks: Sequence[int]  # milliseconds, of those above 50

    @property
    def weight(self) -> int:
        """Bytes of the page, its sheets and modules."""
        return sum(count for kind, count in self.bytes.items() if kind != "numbers")


@dataclass(frozen=True, slots=True)
class Watched:
    """A page that was watched while it changed."""

    tasks: Sequence[int]  # milliseconds, of those above 50
    updates: int  # how often it asked for new numbers


@contextmanager
def window() -> Iterator[Browser]:
    """A browser; `visit` gives it a window of its own for each page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def signed_in(browser: Browser, address: str, token: str, sought: str) -> BrowserContext:
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
    fresh.add_init_script(WATCH.replace("SOUGHT", json.dumps(sought)))
    return fresh


def visit(
    browser: Browser, address: str, token: str, path: str, *, sought: str = "h1", charts: int = 0
) -> Visit:
    """Open a page and wait until what is `sought` is seen and so many charts are drawn."""
    context = signed_in(browser, address, token, sought)
    try:
        page = context.new_page()
        answer = page.goto(address + path)
        page.wait_for_function(
            "count => window.seen.sought && window.seen.charts.length >= count", arg=charts
        )
        page.wait_for_load_state("networkidle")
        found = page.evaluate(LOADED)
    finally:
        context.close()
    return Visit(
        answer.status if answer else 0,
        found["answered"],
        found["sought"],
        found["charts"],
        found["bytes"],
        found["tasks"],
    )


def watch(page: Page, seconds: float) -> Watched:
    """Watch a page for so long: half of it at its top, half of it while somebody scrolls through it."""
    tasks, updates = len(page.evaluate("window.seen.tasks")), page.evaluate(UPDATES)
    began = time.monotonic()
    step = STEP
    while (passed := time.monotonic() - began) < seconds:
        page.wait_for_timeout(1000 * READS)
        if passed < seconds / 2:
            continue
        page.mouse.move(SIZE["width"] / 2, SIZE["height"] / 2)
        before = page.evaluate("scrollY")
        page.mouse.wheel(0, step)
        page.wait_for_timeout(200)
        if page.evaluate("scrollY") == before:
            step = -step  # the end of the page: back again
    return Watched(page.evaluate("window.seen.tasks")[tasks:], page.evaluate(UPDATES) - updates)
