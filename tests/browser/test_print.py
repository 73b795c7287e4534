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
