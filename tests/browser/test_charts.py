"""A chart says what its marks are, opens their runs, and is zoomed into, by pointer and by keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.site import RATES, Site
from tests.browser.visitor import Visitor


@pytest.fixture
def page(visitor: Visitor, finished: str) -> Page:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    return page


def response(page: Page) -> Locator:
    return page.locator("[data-behaviour=response-chart] .chart")


def box_of(chart: Locator) -> FloatRect:
    chart.scroll_into_view_if_needed()
    box = chart.locator(".marks").bounding_box()
    assert box is not None
    return box


def words(chart: Locator) -> list[str]:
    return chart.locator(".words .tick").all_text_contents()


def drag(page: Page, box: FloatRect, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one place of a frame to another, in shares of it."""
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=3)
    page.mouse.up()


def test_the_arrow_keys_say_what_each_mark_is_and_enter_opens_a_run(page: Page) -> None:
    chart = response(page)
    chart.focus()
    page.keyboard.press("ArrowRight")
    label = chart.locator(".told")
    expect(label).to_contain_text(re.compile(r"mean validation loss [\d.]+"))
    expect(chart.get_by_role("status")).to_contain_text("mean validation loss")
    first = label.text_content()
    page.keyboard.press("ArrowRight")
    assert label.text_content() != first
    page.keyboard.press("ArrowUp")
    expect(label).to_contain_text(re.compile(r"run \d+ · seed \d+"))
    page.keyboard.press("Escape")
    expect(label).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/runs/r_"))


def test_a_mark_is_told_under_the_pointer_and_opened_by_a_click(page: Page) -> None:
    chart = response(page)
    box_of(chart)
    chart.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    ring = chart.locator(".ring").bounding_box()
    assert ring is not None
    page.keyboard.press("Escape")
    middle = ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2
    page.mouse.move(*middle)
    expect(chart.locator(".told")).to_contain_text(re.compile(r"run \d+"))
    page.mouse.click(*middle)
    expect(page).to_have_url(re.compile("/runs/r_"))


def test_a_drag_zooms_and_a_double_click_shows_all_again(page: Page) -> None:
    chart = response(page)
    box, before = box_of(chart), words(chart)
    drag(page, box, (0.2, 0.5), (0.5, 0.9))
    expect(chart.locator(".words .tick").first).not_to_have_text(before[0])
    assert page.url.count("/runs/") == 0  # a drag is no click
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(chart.locator(".words .tick")).to_have_text(before)


def test_keys_zoom_as_well(page: Page) -> None:
    chart = response(page)
    before = words(chart)
    chart.focus()
    page.keyboard.press("+")
    expect(chart.locator(".words .tick").first).not_to_have_text(before[0])
    page.keyboard.press("0")
    expect(chart.locator(".words .tick")).to_have_text(before)


def test_a_zoom_and_what_is_said_stay_while_a_sweep_goes_on(visitor: Visitor, site: Site) -> None:
    parameters = {"learning_rate": RATES, "hidden_layers": {"values": [[4], [8, 8]]}, "epochs": 6}
    site.train()  # what other tests have left queued
    sweep = site.submit(name="zoomed into while it trains", seeds=3, parameters=parameters)
    site.train(1)
    page = visitor.open(f"/sweeps/{sweep}")
    visitor.sees_charts(2)
    chart = page.locator("[data-behaviour=curves-chart] .chart")
    chart.focus()
    page.keyboard.press("+")
    expect(chart.locator(".words .tick").first).not_to_have_text("0")
    zoomed = words(chart)[:3]
    page.keyboard.press("ArrowRight")
    told = re.search(r"epoch \d:", chart.locator(".told").inner_text())
    assert told is not None
    chart.locator(".picture").evaluate("(picture) => (picture.dataset.before = '')")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")
    expect(chart.locator(".picture[data-before]")).to_have_count(0)  # it was drawn again
    assert words(chart)[:3] == zoomed
    expect(chart.locator(".told")).to_contain_text(told.group())


def test_a_chart_follows_the_width_of_its_page(page: Page) -> None:
    chart = response(page)
    page.set_viewport_size({"width": 500, "height": 800})
    try:
        expect(chart.locator(".picture")).to_have_attribute("viewBox", re.compile(r"^0 0 4\d\d "))
    finally:
        page.set_viewport_size({"width": 1280, "height": 720})
