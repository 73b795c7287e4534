"""Every page holds together in light and dark, on a desk and on a phone, under the policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.site import HOSTILE, Site
from tests.browser.visitor import Visitor, visiting

SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=SIZES)
def visitor(
    request: pytest.FixtureRequest, browser: Browser, site: Site, signed_in: Any, scheme: str
) -> Iterator[Visitor]:
    phone = request.param == "phone"
    options: Any = {"viewport": SIZES[request.param], "has_touch": phone, "color_scheme": scheme}
    window = browser.new_context(storage_state=signed_in, **options)
    window.set_default_timeout(15_000)
    with visiting(window, site) as visitor:
        yield visitor
    window.close()


def test_the_three_pages_are_drawn_and_fit(visitor: Visitor, finished: str, scheme: str) -> None:
    page = visitor.open("/sweeps")
    page.get_by_role("link", name=HOSTILE).first.wait_for()
    _fits(visitor, scheme)

    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    _fits(visitor, scheme)

    page.locator("#runs tbody a").first.click()
    page.wait_for_url("**/runs/r_*")
    visitor.sees_charts(5)
    _fits(visitor, scheme)


def _fits(visitor: Visitor, scheme: str) -> None:
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    red, green, blue = page.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
    )
    assert (red + green + blue > 384) == (scheme == "light")
