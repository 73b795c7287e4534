"""The pages of a sweep over a function draw what it has, live and afterwards, and miss nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.site import Site
from tests.browser.visitor import Visitor

FUNCTION: dict[str, Any] = {
    "name": "rates on a cubic",
    "dataset": None,
    "function": {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}},
    "rerun": True,
    "seeds": 1,
    "parameters": {
        "learning_rate": {"distribution": "uniform", "min": 0.02, "max": 0.58, "count": 15},
        "epochs": 60,
    },
}


@pytest.fixture(scope="module")
def descended(site: Site) -> str:
    """A finished sweep over the reference's cubic."""
    sweep = site.submit(**FUNCTION)
    site.train()
    return sweep


def test_the_page_of_the_sweep_draws_its_answer(visitor: Visitor, descended: str) -> None:
    page = visitor.open(f"/sweeps/{descended}")
    visitor.sees_charts(2)
    expect(page.locator(".headline")).to_contain_text("rates converged at 60 epochs (sgd)")
    expect(page.locator(".keys").first).to_contain_text("not converged")
    assert page.locator("#runs .flag.converged:visible").count() > 3


def test_the_page_of_a_run_draws_its_value(visitor: Visitor, descended: str) -> None:
    page = visitor.open(f"/sweeps/{descended}")
    page.locator("#runs tbody a").nth(4).click()
    visitor.sees_charts(4)
    expect(page.locator("h1")).to_have_text("Run 5")
    facts = re.compile(r"Value at the end.*Derivative.*Turns", re.DOTALL)
    expect(page.locator(".facts")).to_contain_text(facts)


def test_a_sweep_that_is_watched_fills_its_tables(visitor: Visitor, site: Site) -> None:
    sweep = site.submit(**FUNCTION)
    page = visitor.open(f"/sweeps/{sweep}")
    expect(page.locator(".headline")).to_contain_text("No answer yet")
    site.train()
    expect(page.locator(".headline")).to_contain_text("rates converged at 60 epochs")
    expect(page.locator("section[data-behaviour=settings-table] tbody .flag.best:visible")).to_have_count(1)


def test_the_list_shows_the_expression(visitor: Visitor, descended: str) -> None:
    page = visitor.open("/sweeps")
    expect(page.locator(f"tr[data-id={descended}] .hint")).to_have_text("x**3 + 3*x**2")


def test_of_many_settings_the_first_are_shown_and_all_when_asked(visitor: Visitor, site: Site) -> None:
    rates = {"distribution": "uniform", "min": 0.02, "max": 0.3, "count": 103}
    sweep = site.submit(**{**FUNCTION, "parameters": {"learning_rate": rates, "epochs": 5}})
    page = visitor.open(f"/sweeps/{sweep}")
    table = page.locator("#settings")
    expect(table.locator("tbody tr")).to_have_count(100)
    expect(table.locator("[data-cut]")).to_have_text("the first 100 of 103 by rank · show all")
    site.train()
    expect(page.locator(".page-head .badge")).to_have_text("completed")
    # Here the value falls with the rate: the slowest three are left out.
    slowest = table.get_by_role("rowheader", name="0.02", exact=True)
    expect(table.locator("tbody tr").first.get_by_role("rowheader")).not_to_have_text("0.02")
    expect(slowest).to_have_count(0)
    table.get_by_role("link", name="show all").click()
    expect(table.locator("tbody tr")).to_have_count(103)
    expect(slowest).to_have_count(1)
    expect(table.locator("[data-cut]")).to_be_hidden()
    page.wait_for_function("() => location.search === '?settings=all'")
    answer = page.request.get(page.url)
    assert answer.text().count("data-marks") == 103 + 1  # complete without modules; and the row to copy
