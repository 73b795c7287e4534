"""A descent is on its page with the article's numbers, what becomes of it, and theory's lines."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from service.dashboard.learn.descent_form import PRESETS
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read

PATH = "/learn/descent"


def at(client: TestClient, **query: object) -> Document:
    return read(client, f"{PATH}?{urlencode(query)}")


def verdict(page: Document) -> str:
    return next(str(a["class"]) for _, a in page.elements if str(a.get("class")).startswith("verdict"))


def test_the_parabola_goes_as_in_the_article(client: TestClient) -> None:
    page = at(client, expression="x**2", start=1, rate=0.3, left=-1.4, right=1.4)
    points = next(json.loads(str(a["data-points"])) for _, a in page.elements if "data-points" in a)
    # f(x) = x^2 from 1 with a = 0.3: 0.4, 0.16, 0.064
    assert [each["x"] for each in points[:4]] == ["1.00000", "0.400000", "0.160000", "0.0640000"]
    assert "0.0640000" in page.text


# What theory says of x^3 + 3x^2: one way below 1/6, a damped bounce to 1/3, a cycle of two to about 0.408,
# chaos from about 0.428, escape above 1/2; started left of -2 it runs off.
@pytest.mark.parametrize(
    ("rate", "start", "kind"),
    [
        (0.04, -1.9, "slow"),
        (1 / 6, -1.9, "settled"),
        (0.3, -1.9, "bouncing"),
        (0.37, -1.9, "cycle"),
        (0.45, -1.9, "chaos"),
        (0.54, -1.9, "diverged"),
        (0.04, -2.1, "diverged"),
    ],
)
def test_what_becomes_of_a_descent_is_said(client: TestClient, rate: float, start: float, kind: str) -> None:
    assert verdict(at(client, rate=rate, start=start)) == f"verdict {kind}"


@pytest.mark.parametrize("rate", [0.0001, 0.001, 0.003])
def test_a_descent_that_hardly_moves_has_not_settled(client: TestClient, rate: float) -> None:
    page = at(client, rate=rate, start=-1.9)
    assert "is not there yet" in page.text
    assert "settles at" not in page.text


@pytest.mark.parametrize(("name", "preset"), [(name, preset) for name, _, preset in PRESETS])
def test_every_preset_is_drawn(client: TestClient, name: str, preset: object) -> None:
    page = read(client, preset.address())  # type: ignore[attr-defined]
    assert any(str(attributes.get("class")).startswith("trail") for _, attributes in page.elements), name
    assert "notice bad" not in {attributes.get("class") for _, attributes in page.elements}


def test_theorys_lines_are_on_the_articles_function_alone(client: TestClient) -> None:
    lines = [a["style"] for _, a in read(client, PATH).elements if a.get("class") == "theory"]
    assert lines == ["--at: 30.303%", "--at: 60.606%", "--at: 90.909%"]  # 1/6, 1/3, 1/2 of 0.55
    other = at(client, expression="x**4")
    assert "theory" not in {attributes.get("class") for _, attributes in other.elements}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"expression": "x +"}, "expression"),
        ({"expression": HOSTILE}, "expression"),
        ({"expression": "x + y"}, "start"),
        ({"rate": "fast"}, "is not a finite number"),
        ({"rate": "nan"}, "is not a finite number"),
        ({"left": "2", "right": "1"}, "is not left of"),
        ({"top": "0"}, "is not above 0"),
        ({"start": HOSTILE}, "is not a finite number"),
    ],
)
def test_a_mistake_is_named_and_the_form_is_kept(
    client: TestClient, query: dict[str, str], told: str
) -> None:
    page = at(client, **query)
    assert told in page.text
    assert "notice bad" in {attributes.get("class") for _, attributes in page.elements}
    assert "img" not in {tag for tag, _ in page.elements}
    values = {
        attributes["name"]: attributes["value"]
        for tag, attributes in page.elements
        if "name" in attributes and tag == "input"
    }
    assert {name: values[name] for name in query} == query
