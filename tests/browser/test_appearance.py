"""Every page holds together in light and dark, on a desk and on a phone, under the policy."""

from __future__ import annotations

from typing import Any

import pytest

from service.dashboard.policy import CONTENT_SECURITY_POLICY
from tests.browser.site import HOSTILE
from tests.browser.visitor import Visitor

SIZES = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=SIZES)
def context_options(request: pytest.FixtureRequest, scheme: str) -> dict[str, Any]:
    return {"viewport": SIZES[request.param], "color_scheme": scheme, "has_touch": request.param == "phone"}


def test_the_three_pages_are_drawn_and_fit(visitor: Visitor, finished: str, scheme: str) -> None:
    page = visitor.open("/sweeps")
    page.get_by_role("link", name=HOSTILE).wait_for()
    _fits(visitor, scheme)

    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    _fits(visitor, scheme)

    page.locator("#runs tbody a").first.click()
    page.wait_for_url("**/runs/r_*")
    visitor.sees_charts(5)
    _fits(visitor, scheme)


def test_the_policy_is_the_one_that_was_written_down(visitor: Visitor) -> None:
    response = visitor.page.goto(f"{visitor.site.address}/sweeps")
    assert response is not None
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def _fits(visitor: Visitor, scheme: str) -> None:
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    red, green, blue = page.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"
    )
    assert (red + green + blue > 384) == (scheme == "light")
