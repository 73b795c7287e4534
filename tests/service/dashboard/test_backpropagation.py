"""The worked example is on its page with the article's numbers, and any small network in its place."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from service.dashboard.learn.network_form import NetworkForm, UnreadableShape
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read

PATH = "/learn/backpropagation"


def fields(page: Document) -> dict[str, str]:
    return {
        str(attributes["name"]): str(attributes["value"])
        for tag, attributes in page.elements
        if tag == "input"
    }


def next_step(page: Document) -> str:
    links = [a for tag, a in page.elements if tag == "a" and a.get("class") == "button primary"]
    return str(links[0]["href"])


def test_the_five_steps_are_on_the_page_without_a_module(client: TestClient) -> None:
    text = read(client, PATH).text
    for step in ("Forward", "Step 1", "Step 2", "Step 3", "Step 4", "Step 5 · 2", "Step 5 · 4", "Again"):
        assert step in text
    # From the article: E before and after, exactly, and where repetition ends.
    assert "3311689/20480000" in text
    assert "E was 0.25, and is 0.161703564453." in text
    assert "after 60 steps 0.125" in text
    assert "E cannot fall below 0.125" in text


def test_every_moment_is_drawn_in_the_network(client: TestClient) -> None:
    page = read(client, PATH)
    moments = [a["id"] for tag, a in page.elements if tag == "li" and "data-moment" in a]
    assert moments == [f"moment-{place}" for place in range(14)]
    lit = {each for _, a in page.elements if a.get("data-lit") for each in str(a["data-lit"]).split()}
    assert lit == {str(place) for place in range(14)}


def test_a_step_leads_to_the_network_after_it(client: TestClient) -> None:
    after = fields(read(client, next_step(read(client, PATH))))
    # The article's weights after the step; exact, as fractions.
    expected = {"w0.0.0": "11/20", "w0.1.0": "41/40", "w0.2.0": "-9/20", "b0.0": "1/20", "w1.0.1": "41/40"}
    assert {name: after[name] for name in expected} == expected


def test_steps_can_be_taken_for_as_long_as_one_likes(client: TestClient) -> None:
    page = read(client, PATH)
    for _ in range(11):
        page = read(client, next_step(page))
    assert re.search(r"E was 0\.125\d*, and is 0\.125\d*", page.text)


@pytest.mark.parametrize("sizes", ["1-1", "5-5-5-5-5", "2-3-2-1"])
def test_other_networks_are_drawn(client: TestClient, sizes: str) -> None:
    page = read(client, f"{PATH}?sizes={sizes}&f0=tanh")
    widths = [int(size) for size in sizes.split("-")]
    units = [a for tag, a in page.elements if tag == "g" and str(a.get("class")).startswith("unit")]
    assert len(units) == widths[0] + 2 * sum(widths[1:]) + 1
    assert f'data-shape="{sizes}"' in client.get(f"{PATH}?sizes={sizes}").text


@pytest.mark.parametrize(
    "query", [{"i0": "abc"}, {"rate": "-1"}, {"sizes": "9-9"}, {"sizes": HOSTILE}, {"f0": "x"}]
)
def test_a_mistake_is_named_and_the_form_is_kept(client: TestClient, query: dict[str, str]) -> None:
    page = read(client, f"{PATH}?{urlencode(query)}")
    assert "notice bad" in {attributes.get("class") for _, attributes in page.elements}
    assert "rate" in fields(page)
    assert "img" not in {tag for tag, _ in page.elements}


def test_what_runs_away_is_said_to(client: TestClient) -> None:
    query = {"sizes": "1-1-1", "f0": "identity", "f1": "identity", "rate": "50"}
    assert "E has run away" in read(client, f"{PATH}?{urlencode(query)}").text


def test_a_shape_that_changes_keeps_the_numbers_that_still_have_a_place() -> None:
    form = NetworkForm.of({"sizes": "2-2-1", "w0.0.0": "7", "t0": "3", "w0.1.1": "9"})
    assert form.deeper() is not None
    narrower = form.address((2, 1, 1))
    assert "w0.0.0=7" in narrower
    assert "t0=3" in narrower
    assert "w0.1.1" not in narrower


def test_a_shape_out_of_bounds_is_refused() -> None:
    with pytest.raises(UnreadableShape, match="'3-6'"):
        NetworkForm.of({"sizes": "3-6"})


def test_the_three_parts_are_reached_from_the_navigation(client: TestClient) -> None:
    assert "/learn" in read(client, "/sweeps").links()
    assert {"/learn/backpropagation", "/learn/descent", "/learn/variables"} <= read(client, "/learn").links()
