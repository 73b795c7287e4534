"""Every page holds together in light and dark, on a desk and on a phone, under the policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from service.dashboard.rendering import NAVIGATION
from tests.browser.site import HOSTILE, Site
from tests.browser.visitor import Visitor, visiting

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
CHARTS = {"grid": 2, "two": 3, "random": 3, "function": 2, "waiting": 0}
PAGES = [address for _, _, address in NAVIGATION] + [
    "/sweeps?filter=state+%3D%3D+1",
    "/runs?filter=nonsense",
    "/compare",
    "/compare?runs=nonsense",
    "/new",
    "/datasets/breast_cancer",
    "/datasets/nothing",
    "/learn/backpropagation#moment-8",
    "/learn/backpropagation?i0=abc",
    "/learn/descent",
    "/learn/variables",
    "/login",
    "/sweeps/s_nothing",
    "/runs/r_nothing",
]

# Two frames, so that what watches its own size has followed it.
OVERHANG = """() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() =>
  resolve(document.documentElement.scrollWidth - document.documentElement.clientWidth))))"""
PAPER = "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"


@pytest.fixture
def visitor(browser: Browser, site: Site, signed_in: Any) -> Iterator[Visitor]:
    """A window that is first a phone at night."""
    window = browser.new_context(
        storage_state=signed_in, reduced_motion="reduce", color_scheme="dark", viewport=PHONE
    )
    window.set_default_timeout(15_000)
    with visiting(window, site) as visitor:
        yield visitor
    window.close()


@pytest.fixture(scope="session")
def sweeps(site: Site, finished: str) -> dict[str, str]:
    """A sweep of every kind, by what is different about its page."""
    few = {"epochs": 3, "hidden_layers": {"value": [4]}}
    rates = {"learning_rate": {"values": [0.01, 0.1, 1]}}
    both = {"distribution": "log_uniform_values", "min": 0.001, "max": 1}
    trained = {
        "two": site.submit(seeds=2, parameters={**few, **rates, "batch_size": {"values": [8, 64]}}),
        "random": site.submit(
            dataset="diabetes",
            method="random",
            seeds=1,
            run_cap=6,
            parameters={**few, "learning_rate": both, "activation": {"values": ["relu", "tanh"]}},
        ),
        "function": site.submit(
            dataset=None,
            function={"expression": "x**3 + 3*x**2", "start": {"x": -1.9}},
            seeds=1,
            parameters={"learning_rate": {"values": [0.1, 0.3, 0.9]}, "epochs": 20},
        ),
    }
    site.train()
    return {"grid": finished, **trained, "waiting": site.submit()}


def test_every_page_that_stands_by_itself_fits(visitor: Visitor, finished: str) -> None:
    for address in PAGES:
        page = visitor.open(address)
        page.wait_for_load_state("networkidle")
        _fits(page)
    # The browser itself writes of each page that is missing.
    visitor.complaints[:] = [each for each in visitor.complaints if not _of_a_refused_page(each)]


def test_every_sweep_and_a_run_of_it_fit(visitor: Visitor, sweeps: dict[str, str]) -> None:
    for kind, sweep in sweeps.items():
        page = visitor.open(f"/sweeps/{sweep}")
        visitor.sees_charts(CHARTS[kind])
        _fits(page)
        page.goto(page.locator("#runs tbody a").first.evaluate("link => link.href"))
        if CHARTS[kind]:
            visitor.sees_charts(4 if kind == "function" else 5)
        _fits(page)


def test_runs_side_by_side_fit(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    links = page.locator("#runs tbody a").evaluate_all("all => all.map((link) => link.href)")
    runs = [link.rsplit("/", 1)[1] for link in links if "/runs/r_" in link][::3]
    visitor.open("/compare?" + "&".join(f"runs={run}" for run in runs))
    visitor.sees_charts(1)
    _fits(page)


def test_the_form_for_a_function_fits(visitor: Visitor) -> None:
    page = visitor.open("/new")
    page.get_by_text("Function", exact=True).first.click()
    page.get_by_label("Expression").wait_for()
    _fits(page)


def test_a_list_with_hostile_names_fits(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/sweeps")
    page.get_by_role("link", name=HOSTILE).first.wait_for()
    _fits(page)


def test_a_page_that_scrolls_sideways_would_be_noticed(visitor: Visitor) -> None:
    page = visitor.open("/login")
    page.evaluate("document.querySelector('main').style.minWidth = '101vw'")
    with pytest.raises(AssertionError, match="scrolls sideways"):
        _fits(page)


def _of_a_refused_page(complaint: str) -> bool:
    return any(f"status of {status} " in complaint for status in (400, 404, 422))


def _fits(page: Page) -> None:
    """In both sizes and schemes; narrowing what was drawn wide is the harder way."""
    scheme: Literal["light", "dark"]
    for scheme, sizes in (("dark", (PHONE, DESK)), ("light", (DESK, PHONE))):
        page.emulate_media(color_scheme=scheme)
        for size in sizes:
            page.set_viewport_size(size)
            wide = page.evaluate(OVERHANG)
            assert wide <= 0, f"{page.url} scrolls sideways by {wide} pixels at {size['width']} ({scheme})"
        red, green, blue = page.evaluate(PAPER)
        assert (red + green + blue > 384) == (scheme == "light"), page.url
    page.emulate_media(color_scheme="dark")
