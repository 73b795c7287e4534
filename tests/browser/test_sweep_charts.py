"""The charts of a sweep in which several parameters vary: what is chosen in them stands in the address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.site import RATES, Site
from tests.browser.visitor import Visitor


@pytest.fixture(scope="module")
def gridded(site: Site) -> str:
    """A finished grid of six rates, the largest of which diverge, and two widths."""
    widths = {"values": [[4], [8, 8]]}
    sweep = site.submit(
        name="a grid", seeds=3, parameters={"learning_rate": RATES, "hidden_layers": widths, "epochs": 4}
    )
    site.train()
    return sweep


def part(visitor: Visitor, behaviour: str) -> Locator:
    return visitor.page.locator(f"[data-behaviour={behaviour}]")


def opened(visitor: Visitor, sweep: str, charts: int = 3) -> Page:
    page = visitor.open(f"/sweeps/{sweep}")
    settled(visitor, charts)
    return page


def settled(visitor: Visitor, charts: int = 3) -> None:
    """Wait as long as it takes: pages of several charts are slow on a busy machine."""
    visitor.sees_charts(charts)
    for behaviour, drawn in (("parallel", ".lines path"), ("importance", "li")):
        part(visitor, behaviour).locator(drawn).first.wait_for(state="attached")


def asked(visitor: Visitor, name: str) -> str | None:
    found = parse_qs(urlsplit(visitor.page.url).query).get(name)
    return found[0] if found else None


def test_another_parameter_is_put_across(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    chart = part(visitor, "response-chart")
    expect(chart.locator(".keys")).to_contain_text("hidden layers [4]")
    chart.get_by_label("Across").select_option("hidden_layers")
    expect(chart.get_by_role("heading")).to_have_text("Validation loss by hidden layers")
    expect(chart.locator(".xtitle")).to_have_text("hidden layers")
    page.reload()
    settled(visitor)
    expect(chart.locator(".xtitle")).to_have_text("hidden layers")
    expect(chart.locator(".keys")).to_contain_text("learning rate 0.01")


def test_the_best_curves_alone_and_smoothed_are_shown(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    chart = part(visitor, "curves-chart")
    expect(chart.locator(".legend li")).to_have_count(12)
    chart.get_by_label("Settings").select_option("5")
    expect(chart.locator(".legend li")).to_have_count(5)
    expect(chart.locator("[data-hint]")).to_contain_text("5 of 12 settings")
    chart.get_by_label("Smoothing").select_option("0.9")
    chart.locator("input[name=range][value=all]").check()
    page.wait_for_function("() => location.search === '?top=5&smooth=0.9&range=all'")
    page.reload()
    settled(visitor)
    expect(chart.locator(".legend li")).to_have_count(5)
    expect(chart.get_by_label("Smoothing")).to_have_value("0.9")


def test_what_is_hidden_stays_hidden_in_a_link(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    second = part(visitor, "curves-chart").locator(".legend button").nth(1)
    second.click()
    page.wait_for_function("() => location.search === '?hidden=2'")
    page.reload()
    settled(visitor)
    expect(second).to_have_attribute("aria-pressed", "false")
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    assert asked(visitor, "hidden") is None


def test_the_map_has_a_cell_for_each_pair_and_marks_what_diverged(visitor: Visitor, gridded: str) -> None:
    opened(visitor, gridded)
    chart = part(visitor, "heat-map")
    expect(chart.locator(".cells")).to_have_count(1)
    expect(chart.locator(".keys")).to_contain_text("diverged at least once")
    expect(chart.locator(".keys")).to_contain_text("best")


def test_every_parameter_has_a_bar_and_the_bars_are_explained(visitor: Visitor, gridded: str) -> None:
    opened(visitor, gridded)
    bars = part(visitor, "importance")
    expect(bars.locator("li")).to_have_count(2)
    expect(bars.locator("li").first).to_contain_text(
        re.compile(r"learning rate explains \d+\.\d\s%, .*with interactions")
    )
    expect(bars.locator("[data-meaning]")).to_contain_text("differences between 12 settings")


def test_a_range_is_moved_with_the_keyboard_and_filters(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    lines = part(visitor, "parallel")
    lines.get_by_role("slider", name="learning rate, highest").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => new URLSearchParams(location.search).has('filter')")
    assert asked(visitor, "filter") == "params.learning_rate in (0.01, 0.1, 1, 10, 100)"
    expect(lines.locator("[data-counted]")).to_have_text("30 of 36 runs in the ranges")
    expect(lines.get_by_role("slider", name="learning rate, highest")).to_be_focused()
    page.reload()
    settled(visitor)
    expect(lines.locator("[data-counted]")).to_have_text("30 of 36 runs in the ranges")
    lines.get_by_role("button", name="Clear ranges").click()
    page.wait_for_function("() => !new URLSearchParams(location.search).get('filter')")
    expect(lines.locator(".faded")).to_have_count(0)
    expect(lines.locator("[data-counted]")).to_have_text(re.compile("^blue is best; drag along an axis"))


def test_a_chart_of_the_first_runs_alone_says_so(visitor: Visitor, gridded: str) -> None:
    def more(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "next_cursor": "more"})

    visitor.page.route("**/points?*", more)
    opened(visitor, gridded)
    lines = part(visitor, "parallel")
    expect(lines.locator("[data-counted]")).to_have_text(re.compile("^the first 2,000 runs; blue is best"))
    lines.get_by_role("slider", name="learning rate, highest").focus()
    visitor.page.keyboard.press("ArrowDown")
    expect(lines.locator("[data-counted]")).to_have_text("30 of the first 2,000 runs in the ranges")
    visitor.page.unroute("**/points?*")


def test_a_range_is_drawn_with_the_pointer(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    area = part(visitor, "parallel").locator(".area").nth(2)  # of the metric
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    across = box["x"] + box["width"] / 2
    page.mouse.move(across, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(across, box["y"] + box["height"] - 1, steps=4)
    page.mouse.up()
    page.wait_for_function("() => new URLSearchParams(location.search).has('filter')")
    assert re.fullmatch(r"metrics\.validation_loss <= [\d.e+]+", asked(visitor, "filter") or "")


def test_a_random_search_shows_what_fewer_settings_would_have_found(visitor: Visitor, site: Site) -> None:
    rate = {"distribution": "log_uniform_values", "min": 0.01, "max": 1}
    parameters = {
        "learning_rate": rate,
        "l2": {**rate, "max": 0.1},
        "hidden_layers": {"value": [4]},
        "epochs": 3,
    }
    sweep = site.submit(name="at random", method="random", run_cap=6, seeds=2, parameters=parameters)
    site.train()
    opened(visitor, sweep, charts=4)
    expect(part(visitor, "expected-best").locator(".marks .trace")).to_have_count(1)
    expect(part(visitor, "heat-map").locator(".marks .trace").first).to_be_attached()


def test_a_chart_whose_numbers_are_the_same_is_not_drawn_again(visitor: Visitor, gridded: str) -> None:
    page = opened(visitor, gridded)
    page.evaluate("document.querySelectorAll('.picture').forEach((one) => (one.dataset.before = ''))")
    with page.expect_response(lambda response: "/points" in response.url) as points:
        page.evaluate(
            """async (path) => {
              const detail = await (await fetch(path)).json();
              document.dispatchEvent(new CustomEvent("backsweep:sweep", { detail }));
            }""",
            f"/api/v1/sweeps/{gridded}",
        )
    points.value.finished()
    part(visitor, "response-chart").get_by_label(
        "Linear"
    ).check()  # another scale is drawn, behind all others
    expect(page.locator(".picture:not([data-before])")).to_have_count(1)
    expect(part(visitor, "response-chart").locator(".picture:not([data-before])")).to_have_count(1)


def test_smoothing_keeps_a_constant_and_what_is_missing(visitor: Visitor) -> None:
    main = visitor.open("/sweeps").locator("script[type=module]").get_attribute("src")
    assert main is not None
    script = "async (path) => (await import(path)).smoothed([1, 2, 4], [2, null, 4], 0.5)"
    # After three epochs an eighth of the first weight is left: (2 / 8 + 4) / (1 / 8 + 1).
    smoothed = visitor.page.evaluate(script, main.replace("main.js", "lib/smoothing.js"))
    assert smoothed == pytest.approx([2, None, 4.25 / 1.125])
