"""The list of sweeps is searched by a part of a name or by a filter, before any module runs."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.dashboard.sweep_search import as_filter
from service.store.schema import Sweep
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ""),
        (" digits rates ", "name ilike '%digits rates%'"),
        ("state = 'running'", "state = 'running'"),
        ("dataset is null", "dataset is null"),
        ("within", "name ilike '%within%'"),
        (" nope = 1", " nope = 1"),
    ],
)
def test_words_without_a_condition_are_a_part_of_a_name(text: str, meant: str) -> None:
    assert as_filter(text) == meant


def test_sweeps_are_found_by_name_and_by_filter(
    client: TestClient, sweep: Sweep, function_sweep: Sweep
) -> None:
    for looked_for in ("FUNCTION", "task = 'function'"):
        links = Document(client.get("/sweeps", params={"filter": looked_for}).text).links()
        assert f"/sweeps/{function_sweep.public_id}" in links
        assert f"/sweeps/{sweep.public_id}" not in links


def test_nothing_found_is_said_and_the_first_sweep_is_not_explained_again(
    client: TestClient, sweep: Sweep
) -> None:
    text = read(client, "/sweeps?filter=nothing+like+it").text
    assert "No sweep is like that." in text
    assert "No sweep yet" not in text


def test_a_mistake_is_shown_at_its_place(client: TestClient, sweep: Sweep) -> None:
    response = client.get("/sweeps", params={"filter": "stat = 'running'"})
    assert response.status_code == 422
    page = Document(response.text)
    assert "did you mean 'state'" in page.text
    fields = [attributes for tag, attributes in page.elements if attributes.get("name") == "filter"]
    assert fields[0]["data-fault-at"] == "0"


def test_a_hostile_search_is_text(client: TestClient, sweep: Sweep) -> None:
    page = Document(client.get("/sweeps", params={"filter": HOSTILE}).text)
    assert "img" not in {tag for tag, _ in page.elements}


def test_throughput_is_epochs_over_the_time_since_the_sweep_began(client: TestClient, sweep: Sweep) -> None:
    with client.app.state.context.database.write() as session:  # type: ignore[attr-defined]
        row = session.get(Sweep, sweep.id)
        row.epochs_done, row.started_at, row.finished_at = 30, 1_000, 5_000
    assert "7.50" in read(client, "/sweeps").text


def test_the_best_result_is_shown_in_numbers_and_as_a_labelled_curve(
    client: TestClient, sweep: Sweep
) -> None:
    with client.app.state.context.database.write() as session:  # type: ignore[attr-defined]
        session.get(Sweep, sweep.id).best_result = {
            "setting": {"learning_rate": 0.1, "activation": HOSTILE},
            "mean": 0.25,
            "low": 0.125,
            "high": 0.5,
            "n": 3,
            "curve": {"metric": "validation_loss", "epochs": [1, 2, 9], "mean": [2.5, 0.5, 0.25]},
        }
    page = read(client, "/sweeps")
    assert f"learning rate 0.1, activation {HOSTILE}" in page.text
    assert "validation loss 0.250 [0.125, 0.500]" in " ".join(page.text.split())
    curve = next(
        attributes
        for tag, attributes in page.elements
        if str(attributes.get("aria-label")).startswith("Mean")
    )
    assert curve["role"] == "img"
    assert curve["aria-label"] == "Mean validation loss, epochs 1 to 9: from 2.50 to 0.250, logarithmic axis"
    lines = [str(attributes["points"]).split() for tag, attributes in page.elements if tag == "polyline"]
    assert ["3.0,3.0", "14.3,18.4", "93.0,25.0"] in lines


def test_a_sweep_without_an_answer_shows_a_dash(client: TestClient, sweep: Sweep) -> None:
    page = read(client, "/sweeps")
    dashes = [
        attributes["data-hides"]
        for _tag, attributes in page.elements
        if attributes.get("data-hides") in ("best", "best_result.curve") and "hidden" not in attributes
    ]
    assert {"best", "best_result.curve"} <= set(dashes)
    assert not [
        attributes
        for _tag, attributes in page.elements
        if str(attributes.get("aria-label")).startswith("Mean")
    ]
