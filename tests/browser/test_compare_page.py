"""Selected runs are compared: one chart, one row each, in one colour."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor


def test_runs_that_were_selected_are_compared(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}#runs")
    for number in (1, 5, 9):
        page.get_by_role("checkbox", name=f"Select run {number} of").first.check()
    page.get_by_role("button", name="Compare 3 runs").click()
    page.wait_for_url("**/compare?runs=*")
    visitor.sees_charts(1)
    expect(page.locator(".compared tbody tr")).to_have_count(3)
    assert page.locator(".chart .marks .trace").count() == 3
    headings = page.locator(".compared thead tr").last.locator("th").all_inner_texts()
    assert headings[2] == "learning rate"
    colours = page.locator(".swatch").evaluate_all(
        "all => all.map((one) => one.style.getPropertyValue('--swatch'))"
    )
    assert len(set(colours)) == 3
    assert "" not in colours


def test_a_curve_is_hidden_by_its_legend_and_the_choice_is_in_the_address(
    visitor: Visitor, finished: str
) -> None:
    page = visitor.open(f"/runs?filter=sweep%20%3D%20'{finished}'")
    ids = [box.get_attribute("value") for box in page.locator("[data-picks]").all()[:4]]
    page = visitor.open(f"/compare?runs={','.join(map(str, ids))}")
    visitor.sees_charts(1)
    traces = page.locator(".chart .marks .trace")
    before = traces.count()
    page.locator(".legend button").first.click()
    expect(traces).to_have_count(before - 1)
    page.get_by_label("Score").check()
    expect(page).to_have_url(re.compile("quantity=score"))
    page.reload()
    visitor.sees_charts(1)
    expect(page.get_by_label("Score")).to_be_checked()
    expect(page.locator(".ytitle")).to_have_text("validation accuracy")


def test_runs_that_train_are_followed(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(name="compared while it trains", seeds=1)
    page = visitor.open(f"/runs?filter=sweep%20%3D%20'{sweep}'&order_by=number")
    page.locator("[data-picks]").first.check()
    page.get_by_role("button", name="Compare 1 run").click()
    expect(page.locator(".compared .badge")).to_have_text("queued")
    site.train()
    expect(page.locator(".compared .badge")).to_have_text("completed")
    visitor.sees_charts(1)
