"""Runs of every sweep are asked for in words, with completion; what was asked is in the address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.site import HOSTILE, Site
from tests.browser.visitor import Visitor


def asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_filter_is_written_with_the_keyboard_alone(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/runs")
    field = page.get_by_role("combobox", name="Filter")
    field.press_sequentially("stat")
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("state")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "filter-offers-0")
    page.keyboard.press("Enter")
    expect(field).to_have_value("state ")
    expect(options.first).to_have_text("=")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="'diverged'")).to_be_visible()
    field.press_sequentially("'div")
    expect(options).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value("state = 'diverged' ")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("diverged"))
    expect(page.locator("tbody .badge").first).to_have_text("diverged")
    assert set(page.locator("tbody .badge").all_inner_texts()) == {"diverged"}
    assert asked(page) == {"filter": "state = 'diverged'"}


def test_escape_closes_the_suggestions_and_keeps_the_text(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/runs")
    field = page.get_by_role("combobox", name="Filter")
    field.press_sequentially("se")
    expect(page.get_by_role("listbox", name="Suggestions").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(field).to_have_value("se")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_a_hostile_name_is_text_in_the_table_and_in_what_is_offered(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/runs?filter=sweep%20%3D%20'{finished}'")
    row = page.locator("tbody tr", has_text="onerror").first
    expect(row.locator(".sweep-name")).to_have_text(HOSTILE)
    field = page.get_by_role("combobox", name="Filter")
    field.fill("")
    field.press_sequentially("sweep_name = ")
    expect(page.get_by_role("option").filter(has_text="onerror").first).to_be_visible()
    assert page.locator("main img").count() == 0


def test_a_mistake_is_shown_at_its_place(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/runs")
    field = page.get_by_role("combobox", name="Filter")
    field.fill("seed = 1 and stat = 'done'")
    page.keyboard.press("Enter")
    fault = page.get_by_role("alert")
    expect(fault).to_contain_text("did you mean 'state'")
    expect(fault.locator("mark")).to_have_text("stat = 'done'")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.selectionStart") == len("seed = 1 and ")
    expect(field).to_have_attribute("aria-describedby", "filter-fault")
    visitor.complaints.clear()  # the browser's own line about the 422
    field.fill("seed = 1")
    page.keyboard.press("Enter")
    expect(fault).to_have_count(0)


def test_order_and_columns_are_in_the_address(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/runs?filter=seed%20%3D%201")
    page.get_by_role("link", name="validation loss").click()
    expect(page).to_have_url(re.compile("order_by=metrics.validation_loss"))
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("validation loss")
    page.locator(".columns-choice summary").click()
    page.get_by_label("training time").check()
    page.get_by_label("sweep", exact=True).uncheck()
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile("columns="))
    headings = page.locator("thead a").all_inner_texts()
    assert headings[0] == "run"
    assert headings[-1] == "training time"
    shown = page.locator("tbody tr").first.inner_text()
    page.reload()
    assert page.locator("thead a").all_inner_texts() == headings
    assert page.locator("tbody tr").first.inner_text() == shown
    assert asked(page)["filter"] == "seed = 1"
    page.go_back()
    expect(page.get_by_role("link", name="training time")).to_have_count(0)


def test_runs_are_selected_over_pages(visitor: Visitor, finished: str) -> None:
    page = visitor.open("/runs?order_by=number")
    page.get_by_role("checkbox").first.check()
    first = page.get_by_role("checkbox").first.get_attribute("value")
    expect(page.get_by_role("button", name="Compare 1 run")).to_be_enabled()
    page.get_by_role("link", name="seed").click()
    expect(page).to_have_url(re.compile("order_by=seed"))
    page.locator("tbody [data-picks]:not(:checked)").last.check()
    expect(page.get_by_role("button", name="Compare 2 runs")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("button", name="Compare 2 runs")).to_be_enabled()
    page.goto(f"{visitor.site.address}/runs?order_by=number&selected={asked(page)['selected']}")
    expect(page.locator(f"[data-picks][value='{first}']")).to_be_checked()
    page.get_by_role("button", name="Clear selection").click()
    assert "selected" not in asked(page)
    expect(page.locator("tbody :checked")).to_have_count(0)


def test_the_next_page_follows_and_the_first_comes_back(visitor: Visitor, site: Site) -> None:
    site.submit(name="longer than a page", seeds=6)  # 36 runs, and as many of the linear baseline
    page = visitor.open("/runs?filter=sweep_name%20%3D%20'longer%20than%20a%20page'&order_by=number")
    numbers = page.locator("tbody th")
    expect(numbers.first).to_have_text("1")
    page.get_by_role("link", name="Next page").click()
    expect(numbers.first).to_have_text("51")
    expect(page.get_by_role("link", name="Next page")).to_be_hidden()
    page.get_by_role("link", name="First page").click()
    expect(numbers.first).to_have_text("1")
