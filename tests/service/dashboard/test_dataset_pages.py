"""The pages of datasets show what was understood of a table as text, and who uses it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.service.dashboard.conftest import ADDRESS, HOSTILE
from tests.service.dashboard.test_pages import read

TABLE = "width,colour,open,kind\n1.5,red,true,a\n2.5,,false,b\n,blue,true,a\n4.5,red,false,b\n"


def upload(client: TestClient, name: str, content: str = TABLE, **told: str) -> str:
    answer = client.post(
        "/api/v1/datasets",
        params={"name": name, **told},
        content=content,
        headers={"Content-Type": "text/csv", "Origin": ADDRESS},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_the_list_has_ones_own_and_the_built_in_datasets(client: TestClient) -> None:
    identifier = upload(client, "shapes", licence="CC0")
    page = read(client, "/datasets")
    assert f"/datasets/{identifier}" in page.links()
    assert "/datasets/digits" in page.links()
    assert "CC0" in page.text


def test_a_page_tells_types_missing_values_and_the_first_rows(client: TestClient) -> None:
    page = read(client, f"/datasets/{upload(client, 'shapes', licence='CC0')}")
    assert "width number 1 3 1.5 2.833 4.5" in page.text
    assert "colour text 1 2 red (2), blue (1)" in page.text
    assert "open boolean 0 2" in page.text
    assert "2.5 missing false b" in page.text
    assert "4 of 4" in page.text
    assert "CC0" in page.text
    assert "No sweep has used it." in page.text
    assert [held for tag, held in page.elements if tag == "dialog"]


def test_a_dataset_that_is_used_names_its_sweeps_and_cannot_be_deleted(client: TestClient) -> None:
    rows = "".join(f"{row}.5,{'ab'[row % 2]}\n" for row in range(40))
    identifier = upload(client, "used", "width,kind\n" + rows)
    body = json.dumps({"name": HOSTILE, "dataset": "used", "seeds": 1, "parameters": {"epochs": 1}})
    sweep = client.post("/api/v1/sweeps", content=body, headers={"Content-Type": "application/json"}).json()
    page = read(client, f"/datasets/{identifier}")
    assert sweep["links"]["page"] in page.links()
    assert " ".join(HOSTILE.split()) in page.text
    assert not [held for tag, held in page.elements if tag == "dialog"]
    (button,) = [held for tag, held in page.elements if held.get("data-part") == "delete"]
    assert "disabled" in button


def test_a_built_in_dataset_has_a_page_by_its_name_and_stays(client: TestClient) -> None:
    page = read(client, "/datasets/iris")
    assert "petal_length_cm" in page.text
    assert "/new?dataset=iris" in page.links()
    assert not [held for tag, held in page.elements if held.get("data-part") == "delete"]


def test_hostile_names_and_cells_are_text(client: TestClient) -> None:
    name = HOSTILE.replace("/", "|")
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    identifier = upload(client, name, f"{quoted},kind\n{quoted},a\nx,b\n", licence=HOSTILE, source=HOSTILE)
    for path in ("/datasets", f"/datasets/{identifier}", f"/datasets/{quote(name, safe='')}"):
        page = read(client, path)
        assert " ".join(name.split()) in page.text
        assert "img" not in {tag for tag, _ in page.elements}
        assert not [held for tag, held in page.elements if tag == "script" and "src" not in held]


@pytest.mark.parametrize("path", ["/datasets/nothing", "/datasets/d_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
def test_a_dataset_that_does_not_exist_is_said_to_be_missing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
