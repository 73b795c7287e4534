"""Hostile names of sweeps, columns and classes stay text after every module has run, and tear no page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.hostile import hostile_texts, turning
from tests.browser.site import TOKEN, Site
from tests.browser.visitor import Visitor, visiting

TEXTS = hostile_texts()
CELLS = [text for text in TEXTS if not turning(text)]
SHORT = [text for text in CELLS if len(text) <= 120]
LONG = next(text for text in CELLS if len(text) > 300)
CLASSES = [SHORT[1], LONG]
COLUMNS = [SHORT[15], SHORT[140], SHORT[500]]
NAMES = SHORT[:1000:25]
SWEEP, NOTES, TAG = SHORT[57], CELLS[61], SHORT[11]
PARAMETERS = {"learning_rate": {"values": [0.1, 1]}, "hidden_layers": {"value": [4]}, "epochs": 3}
MADE = "img, iframe, sup, [onerror], [onload], [srcdoc], a[href^='javascript']"


@pytest.fixture
def visitor(browser: Browser, site: Site, signed_in: Any) -> Iterator[Visitor]:
    window = browser.new_context(storage_state=signed_in, viewport={"width": 1280, "height": 900})
    window.set_default_timeout(15_000)
    with visiting(window, site) as visitor:
        yield visitor
    window.close()


@pytest.fixture(scope="module")
def dataset(site: Site, browser: Browser) -> str:
    """Forty examples whose columns and classes are hostile; its name."""
    table = io.StringIO()
    writer = csv.writer(table, quoting=csv.QUOTE_ALL)
    writer.writerow(["kind", *COLUMNS])
    kinds = cycle(CLASSES)
    writer.writerows([next(kinds), row, 40 - row, CELLS[row % 3]] for row in range(40))
    name = SHORT[3].replace("/", "|")
    window = browser.new_context()
    answer = window.request.post(
        f"{site.address}/api/v1/datasets?name={quote(name)}&target=kind",
        data=table.getvalue().encode(),
        headers={"Content-Type": "text/csv", "Authorization": f"Bearer {TOKEN}", "Origin": site.address},
    )
    assert answer.status == 201, answer.text()
    window.close()
    return name


@pytest.fixture(scope="module")
def sweep(site: Site, dataset: str) -> str:
    """A trained sweep over them."""
    tags = {"hostile": TAG}
    found = site.submit(name=SWEEP, dataset=dataset, notes=NOTES, tags=tags, parameters=PARAMETERS)
    site.train()
    return found


def test_a_sweep_its_run_and_its_dataset_are_unharmed(visitor: Visitor, sweep: str, dataset: str) -> None:
    page = visitor.open(f"/sweeps/{sweep}")
    visitor.sees_charts(2)
    _unharmed(page, SWEEP, NOTES)
    page.goto(page.locator("#runs tbody a").first.evaluate("link => link.href"))
    visitor.sees_charts(5)
    page.get_by_role("heading", name="Confusion matrix").wait_for()
    page.get_by_text(CLASSES[0]).first.wait_for()
    _unharmed(page, *CLASSES, *COLUMNS[:2])
    visitor.open(f"/datasets/{quote(dataset, safe='')}")
    _unharmed(page, dataset, *CLASSES, *COLUMNS)
    visitor.open(f"/new?dataset={quote(dataset)}")
    page.locator("[data-part=dataset]").get_by_text(COLUMNS[0]).first.wait_for()
    _unharmed(page, *COLUMNS)


def test_lists_of_hostile_names_are_unharmed(visitor: Visitor, site: Site) -> None:
    one = {"learning_rate": 0.1, "hidden_layers": [2], "epochs": 1}
    for name in NAMES:
        site.submit(name=name, seeds=1, parameters=one)
    _unharmed(visitor.open("/sweeps"), *NAMES)
    page = visitor.open("/runs")
    page.locator("tbody a").first.wait_for()
    _unharmed(page, NAMES[-1])


def _unharmed(page: Page, *texts: str) -> None:
    """All texts can be read, none became anything, and the page is as wide as the window."""
    read = page.evaluate(
        """() => document.body.textContent
          + [...document.querySelectorAll("option, input, textarea")].map((one) => one.value).join(" ")"""
    )
    spaced = " ".join(read.split())
    for text in texts:
        assert " ".join(text.split()) in spaced, (page.url, text)
    assert page.locator(f":is({MADE})").count() == 0
    assert "taken" not in page.title().split(" – ")[-1]
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, (page.url, width, wide)
