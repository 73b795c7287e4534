"""A graph of variables is drawn with every path's product and their sum."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from service.dashboard.pages.variables import PRESETS
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read

PATH = "/learn/variables"


def at(client: TestClient, definitions: str, **query: str) -> Document:
    return read(client, f"{PATH}?{urlencode({'definitions': definitions, **query})}")


def test_the_two_paths_of_the_article_add_up(client: TestClient) -> None:
    # dd/da = 2a*c - 7*b; at a = 2: -56 - 28 = -84
    text = read(client, PATH).text
    assert "4 · (−14) = −56" in text
    assert "−7 · 4 = −28" in text
    assert "−56 − 28 = −84" in text


def test_the_other_way_round_is_shown(client: TestClient) -> None:
    page = at(client, "x = 2\ny = x**3")
    assert "The other way round" in page.text
    assert "1/12" in page.text  # dx/dy = 1/(3x^2)


def test_arrows_know_their_paths(client: TestClient) -> None:
    page = read(client, PATH)
    arcs = [a["data-paths"] for tag, a in page.elements if tag == "path" and a.get("class") == "arc"]
    assert arcs == ["0", "1", "0", "1"]  # a>b, a>c, b>d, c>d


def test_an_arrow_over_a_column_goes_around_what_stands_there(client: TestClient) -> None:
    page = at(client, "a = 1\nb = 2*a\nc = a*b")
    curves = [str(a["d"]) for tag, a in page.elements if a.get("class") == "arc"]
    heights = [[float(number) for number in curve.replace("Q", " ").split()[1::2]] for curve in curves]
    assert sum(len(set(each)) == 1 for each in heights) == 2  # a>b and b>c are straight, a>c is not


@pytest.mark.parametrize(("name", "query"), PRESETS)
def test_every_preset_is_drawn(client: TestClient, name: str, query: dict[str, str]) -> None:
    page = at(client, query["definitions"])
    assert "notice bad" not in {attributes.get("class") for _, attributes in page.elements}, name
    assert "arc" in {attributes.get("class") for _, attributes in page.elements}


@pytest.mark.parametrize(
    "definitions", ["a = ", "b = a", HOSTILE, "", "a = 1\nb = a +* 2", "a = 1\nb = 2", "a = 1\nb = 2*z"]
)
def test_a_mistake_is_named_and_the_text_is_kept(client: TestClient, definitions: str) -> None:
    page = at(client, definitions)
    assert "notice bad" in {attributes.get("class") for _, attributes in page.elements}
    assert " ".join(definitions.split()) in page.text
    assert "img" not in {tag for tag, _ in page.elements}


def test_a_name_that_is_not_there_is_told(client: TestClient) -> None:
    assert "there is no variable" in at(client, "a = 1\nb = a", of="zz").text
