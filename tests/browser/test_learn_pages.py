"""A descent is played with, all learning rates are drawn, and the paths of a graph are lit."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor


def drawn(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('[data-whole]').dataset.drawn === '4000'")


def test_the_slider_changes_the_descent(visitor: Visitor) -> None:
    page = visitor.open("/learn/descent")
    expect(page.locator(".verdict")).to_contain_text("slowly settles at x = 0")
    page.get_by_role("slider").fill("0.45")
    expect(page.locator(".verdict")).to_contain_text("It jumps about")
    expect(page.locator("[name=rate]")).to_have_value("0.45")
    expect(page).to_have_url(re.compile("rate=0.45"))
    page.get_by_role("link", name="Diverging").click()
    expect(page.locator(".verdict")).to_contain_text("It runs away")


def test_steps_are_taken_one_by_one(visitor: Visitor) -> None:
    visitor.page.emulate_media(reduced_motion="reduce")
    page = visitor.open("/learn/descent?expression=x**2&start=1&rate=0.3&left=-1.4&right=1.4")
    readout = page.locator(".readout")
    expect(readout).to_contain_text("step 60")  # nothing moves by itself for those who asked for that
    for _ in range(57):
        page.get_by_role("button", name="One step back").click()
    expect(readout).to_have_text("step 3: x = 0.0640000, f(x) = 0.00409600, f′(x) = 0.128000")
    page.get_by_role("button", name="Play").click()
    expect(readout).to_contain_text(re.compile(r"step ([5-9]|\d\d):"))
    page.get_by_role("button", name="Pause").click()


def test_all_learning_rates_are_drawn_and_one_is_chosen(visitor: Visitor) -> None:
    page = visitor.open("/learn/descent")
    drawn(page)
    inked = """() => {
      const canvas = document.querySelector("[data-whole] canvas");
      const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const columns = new Array(canvas.width).fill(0);
      for (let at = 3; at < data.length; at += 4) if (data[at]) columns[((at - 3) / 4) % canvas.width]++;
      return [0.2, 0.4, 0.65, 0.85, 0.95].map((share) => columns[Math.round(share * canvas.width)]);
    }"""
    slow, bouncing, cycle, chaos, escaped = page.evaluate(inked)
    assert 1 <= slow <= 2
    assert 1 <= bouncing <= 2
    assert 2 <= cycle <= 4
    assert chaos > 20
    assert escaped == 0
    canvas = page.locator("[data-whole] canvas")
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] * 0.65, "y": 40})
    expect(page.locator(".verdict")).to_contain_text("cycle of 2")


def test_what_is_wrong_with_an_expression_is_told_beside_the_old_picture(visitor: Visitor) -> None:
    page = visitor.open("/learn/descent")
    page.locator("[name=expression]").fill("x**3 +")
    expect(page.get_by_role("alert")).to_contain_text("expression")
    expect(page.locator("#curve[data-stale] .function")).to_be_visible()
    page.locator("[name=expression]").fill("x**4 - x**2")
    expect(page.locator("#curve:not([data-stale]) .function")).to_be_visible()


def test_a_path_is_lit_by_pressing_it(visitor: Visitor) -> None:
    page = visitor.open("/learn/variables")
    page.get_by_role("button", name="a → c → d").click()
    expect(page.locator(".arc.lit")).to_have_count(2)
    expect(page.get_by_role("button", name="a → c → d")).to_have_attribute("aria-pressed", "true")
    page.mouse.move(1, 1)
    page.locator("textarea").fill("a = 3\nb = a**2\nc = -7*a\nd = b*c")
    expect(page.locator(".sum")).to_contain_text("−126 − 63 = −189")
    expect(page.locator("textarea")).to_be_focused()
    expect(page.locator(".arc.lit")).to_have_count(0)


def test_the_parts_are_reached_from_the_bar(visitor: Visitor) -> None:
    page = visitor.open("/sweeps")
    page.get_by_role("link", name="Learn", exact=True).click()
    for part in ("Backpropagation", "Descent", "A graph of variables"):
        page.get_by_role("link", name=re.compile(f"^{part}")).click()
        expect(page.get_by_role("main").locator("svg").first).to_be_visible()
        page.get_by_role("link", name="Learn", exact=True).first.click()
