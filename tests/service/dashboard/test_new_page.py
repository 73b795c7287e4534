"""The page of a new sweep starts from what is suggested, or from what another sweep was submitted as."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient

from core.fields import FIELDS
from service.dashboard.pages.new import as_json
from service.store.schema import Sweep
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read


def text_of(page: Document) -> str:
    return next(str(held["data-text"]) for tag, held in page.elements if tag == "div" and "data-text" in held)


def test_what_is_suggested_is_a_sweep_that_is_accepted(client: TestClient) -> None:
    text = text_of(read(client, "/new"))
    preview = client.post(
        "/api/v1/sweeps:preview", content=text, headers={"Content-Type": "application/json"}
    )
    assert preview.status_code == 200, preview.text
    assert preview.json()["runs"] == 130


def test_a_dataset_can_be_named_in_the_address(client: TestClient) -> None:
    assert json.loads(text_of(read(client, "/new?dataset=wine")))["dataset"] == "wine"


def test_every_parameter_is_offered_with_what_it_may_hold(client: TestClient) -> None:
    offered = {held["data-name"]: held for _, held in read(client, "/new").elements if "data-name" in held}
    assert offered.keys() == FIELDS.keys()
    assert offered["momentum"]["data-allowed"] == "a finite number at least 0 and below 1"
    assert "range_test" not in str(offered["learning_rate_schedule"]["data-choices"])


def test_a_hostile_submission_is_text(client: TestClient, sweep: Sweep) -> None:
    page = read(client, f"/new?from={sweep.public_id}")
    assert HOSTILE in {held.get("data-text") for _, held in page.elements}
    assert "img" not in {tag for tag, _ in page.elements}
    assert not [held for tag, held in page.elements if tag == "script" and "src" not in held]


def test_what_was_submitted_as_yaml_is_shown_as_json() -> None:
    sweep = {"submitted": "dataset: iris # flowers\nseeds: [1, 2]\n", "media_type": "application/yaml"}
    assert json.loads(as_json(sweep)) == {"dataset": "iris", "seeds": [1, 2]}


def test_json_is_kept_to_the_letter() -> None:
    text = '{"dataset":   "iris"}'
    assert as_json({"submitted": text, "media_type": "application/json"}) == text


@pytest.mark.parametrize("path", ["/new?from=s_nothing", "/new?from=s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
def test_a_sweep_that_does_not_exist_is_said_to_be_missing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404
