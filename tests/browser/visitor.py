"""A page of a signed-in browser, and everything that went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page

from tests.browser.site import Site


@dataclass(slots=True)
class Visitor:
    """A signed-in page; `complaints` are its errors, failed loads and violations of the policy."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the site, and wait until its modules have begun."""
        self.page.goto(self.site.address + path)
        self.page.wait_for_function("() => !document.querySelector('[data-behaviour]:not([data-begun])')")
        return self.page

    def sees_charts(self, count: int) -> None:
        """Wait until so many charts are drawn, with something in them."""
        self.page.wait_for_function("n => document.querySelectorAll('[data-drawn]').length >= n", arg=count)
        assert self.page.locator("[data-drawn] .trace").count() >= count


@contextmanager
def visiting(window: BrowserContext, site: Site) -> Iterator[Visitor]:
    """A new page in the window, about which there must be nothing to complain."""
    visitor = Visitor(window.new_page(), site)
    watch(visitor.page, visitor.complaints)
    yield visitor
    visitor.page.close()
    assert visitor.complaints == []


def watch(page: Page, complaints: list[str]) -> None:
    """Collect what a page complains about; a violation of the policy is an error in the console."""
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda said: (
            complaints.append(f"console: {said.text}") if said.type in ("error", "warning") else None
        ),
    )
    page.on(
        "requestfailed",
        lambda asked: complaints.append(f"failed: {asked.url}") if _ours(asked.failure) else None,
    )


def _ours(failure: str | None) -> bool:
    # A request that a page leaves behind when it is closed is not a fault.
    return failure is not None and "ERR_ABORTED" not in failure
