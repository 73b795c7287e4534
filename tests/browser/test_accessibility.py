"""Nothing on any page keeps somebody out: axe finds nothing serious, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from service.dashboard.rendering import NAVIGATION
from tests.browser.site import Site
from tests.browser.visitor import Visitor, visiting

SERIOUS = ("serious", "critical")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
STILL = [address for _, _, address in NAVIGATION] + [
    "/login",
    "/new",
    "/sweeps/s_nothing",
    "/learn/backpropagation#moment-8",
    "/learn/backpropagation?i0=abc",
    "/learn/descent",
    "/learn/variables",
]


@pytest.fixture(params=["light", "dark"])
def visitor(
    request: pytest.FixtureRequest, browser: Browser, site: Site, signed_in: Any
) -> Iterator[Visitor]:
    scheme: Any = request.param
    # What moves is judged where it comes to rest.
    window = browser.new_context(storage_state=signed_in, color_scheme=scheme, reduced_motion="reduce")
    window.set_default_timeout(15_000)
    with visiting(window, site) as visitor:
        yield visitor
        visitor.complaints[:] = [each for each in visitor.complaints if "404" not in each]
    window.close()


def barriers(page: Page) -> list[str]:
    """What axe calls serious or worse, with where it is and why."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{violation['id']} ({violation['impact']}) at {node['target']}: {node['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("address", STILL)
def test_a_page_that_stands_by_itself_keeps_nobody_out(visitor: Visitor, finished: str, address: str) -> None:
    page = visitor.open(address)
    page.wait_for_load_state("networkidle")
    assert barriers(page) == []


def test_a_sweep_and_its_runs_keep_nobody_out(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    assert barriers(page) == []
    page.locator("#runs tbody a").first.click()
    page.wait_for_url("**/runs/r_*")
    visitor.sees_charts(5)
    assert barriers(page) == []


def test_a_barrier_would_be_found(visitor: Visitor) -> None:
    page = visitor.open("/login")
    page.evaluate("document.querySelector('main').append(document.createElement('button'))")
    assert [each for each in barriers(page) if each.startswith("button-name")]
