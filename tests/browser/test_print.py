"""On paper nobody can scroll: what a page shows is as wide as the paper."""

from __future__ import annotations

from tests.browser.visitor import Visitor

PAPER = 718  # pixels of A4 between its margins
NARROW = f"""() => {{
  addEventListener("resize", (event) => event.stopImmediatePropagation(), true); // printing tells of none
  document.documentElement.style.inlineSize = "{PAPER}px";
}}"""
WIDEST = """(what) => [...document.querySelectorAll(what)]
  .reduce((widest, one) => Math.max(widest, one.getBoundingClientRect().right), 0)"""


def test_charts_and_tables_fit_on_paper(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    page.evaluate(NARROW)
    assert page.evaluate(WIDEST, ".main-svg") > PAPER  # as it was drawn for the screen
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    for what in (".main-svg", "#settings table", "#runs table"):
        assert page.evaluate(WIDEST, what) <= PAPER, what
    page.emulate_media(media="screen")


def test_a_chart_is_scaled_only_while_it_is_printed(visitor: Visitor, finished: str) -> None:
    page = visitor.open(f"/sweeps/{finished}")
    visitor.sees_charts(2)
    box = "document.querySelector('.main-svg').getAttribute('viewBox')"
    page.evaluate(f"addEventListener('beforeprint', () => (document.title = {box}))")
    page.pdf(format="A4")
    assert page.title().startswith("0 0 ")
    assert page.evaluate(box) is None
