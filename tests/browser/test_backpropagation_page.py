"""The worked example is stepped through by buttons, keys and address, and computed again as it is changed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

PATH = "/learn/backpropagation"
DERIVATIVE = "[data-id='layers.0.outputs.0'] .derivative"


def test_the_network_is_stepped_through_forward_and_backward(visitor: Visitor) -> None:
    page = visitor.open(PATH)
    current = page.locator("[data-moment][data-current]")
    expect(current).to_contain_text("The network and one example")
    expect(page.get_by_role("button", name="← Back")).to_be_disabled()
    expect(page.locator(DERIVATIVE)).to_be_hidden()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(current).to_contain_text("Step 1")
    page.get_by_role("button", name="On →").click()
    expect(current).to_contain_text("Step 2")
    expect(page.locator(DERIVATIVE)).to_have_text("−0.5")
    expect(page.locator(".edge.active")).to_have_count(2)  # both slopes
    page.keyboard.press("ArrowLeft")
    expect(current).to_contain_text("Step 1")
    expect(page).to_have_url(re.compile("#moment-6$"))
    page.get_by_role("button", name="To the end").click()
    expect(page.locator("[data-id=E] .value:visible")).to_have_text("0.1617")
    expect(page.locator("[data-edits='w1.0.1'] .weight:visible")).to_have_text("1.025")


def test_the_address_says_the_moment(visitor: Visitor) -> None:
    page = visitor.open(f"{PATH}#moment-8")
    expect(page.locator("[data-moment][data-current] h2")).to_have_text(
        "The error with respect to the parameters"
    )


def test_a_number_that_is_changed_is_computed_with_at_once(visitor: Visitor) -> None:
    page = visitor.open(f"{PATH}#moment-5")
    rate = page.get_by_label("bias 0").last
    rate.fill("0.75")
    expect(page.locator("[data-id=E] .value:visible")).to_have_text("0.1563")
    expect(page.locator("[data-moment][data-current] h2")).to_have_text("The error")  # where one was
    expect(rate).to_be_focused()
    expect(page).to_have_url(re.compile("b1.0=0.75.*#moment-5$"))
    rate.fill("-")
    expect(page.get_by_role("alert")).to_contain_text("'-' is not a number")
    rate.fill("0.75")
    expect(page.locator("#faults .notice")).to_have_count(0)


def test_units_and_layers_can_be_added(visitor: Visitor) -> None:
    page = visitor.open(PATH)
    page.get_by_label("Inputs: one fewer").click()
    expect(page.locator(".unit.inputs")).to_have_count(2)
    expect(page.get_by_label("Inputs: one fewer")).to_be_focused()
    page.get_by_role("link", name="Add a hidden layer").click()
    expect(page.locator("#fields")).to_have_attribute("data-shape", "2-1-2-2")
    page.go_back()
    expect(page.locator("#fields")).to_have_attribute("data-shape", "2-1-2")


def test_a_weight_in_the_drawing_is_picked_to_be_changed(visitor: Visitor) -> None:
    page = visitor.open(PATH)
    page.locator(".label[data-edits='w0.1.0'] .weight").first.click()
    expect(page.locator("input[name='w0.1.0']")).to_be_focused()
    page.get_by_role("link", name="Take this step").click()
    expect(page.locator("input[name='w0.1.0']")).to_have_value("41/40")
