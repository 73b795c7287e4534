"""The link of the terminal signs a browser in, and leaves no token behind."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.site import TOKEN, Site
from tests.browser.visitor import Visitor, watch


def test_the_terminals_link_leads_to_the_page_that_it_names(site: Site, browser: Browser) -> None:
    complaints: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    watch(page, complaints)
    page.goto(f"{site.address}/sweeps?limited=no#token={TOKEN}")
    page.wait_for_selector("h1:text-is('Sweeps')")
    assert page.url == f"{site.address}/sweeps?limited=no"
    assert page.evaluate("document.cookie") == ""  # HttpOnly: no script can read it
    context.close()
    assert complaints == []


def test_a_wrong_token_is_said_to_be_wrong_and_can_be_typed_again(site: Site, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site.address}/sweeps#token=not-the-token-of-this-server")
    assert "neither this server's token nor a valid key" in page.get_by_role("alert").inner_text()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("h1:text-is('Sweeps')")
    context.close()


def test_a_second_use_of_the_link_does_not_keep_the_token_in_the_address(visitor: Visitor) -> None:
    page = visitor.open(f"/sweeps#token={TOKEN}")
    page.wait_for_function("location.hash === ''")
    assert page.url == f"{visitor.site.address}/sweeps"
