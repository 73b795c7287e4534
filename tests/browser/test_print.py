"""On paper nobody can scroll: what a page shows is as wide as the paper."""

from __future__ import annotations

from tests.browser.visitor import Visitor

PAPER = 718  # pixels of A4 between its margins
NARROW = f"document.documentElement.style.inlineSize = '{PAPER}px'"
WIDEST = """(what) => [...document.querySelectorAll(what)]
  .reduce((widest, one) => Math.max(widest, one.getBoundingClientRect().right), 0)"""


def test_charts_and_tables_fit_on_paper(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    assert page.evaluate(WIDEST, ".picture") > PAPER  # as it is on the screen
    page.evaluate(NARROW)
    page.emulate_media(media="print")
    for what in (".picture", "#settings table", "#runs table"):
        assert page.evaluate(WIDEST, what) <= PAPER, what
    page.emulate_media(media="screen")


def test_what_was_not_drawn_yet_says_so_on_paper(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    part = page.locator("[data-behaviour=response-chart]")
    part.locator(".chart").evaluate(
        """(drawn) => {
          const waits = drawn.cloneNode();
          waits.ariaBusy = "true";
          waits.textContent = "Loading the chart …";
          drawn.after(waits);
        }"""
    )
    chart = part.locator(".chart").last
    page.emulate_media(media="print")
    assert chart.evaluate("(one) => getComputedStyle(one).fontSize") == "0px"
    said = chart.evaluate("(one) => getComputedStyle(one, '::after').content")
    assert said == '"Not drawn yet when this was printed."'
    page.emulate_media(media="screen")
