"""The page of all runs works before any module does: forms, links and mistakes are the server's."""

from __future__ import annotations

from starlette.testclient import TestClient

from service.dashboard.columns import choices, column, columns
from service.store.schema import Sweep
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read


def inputs(page: Document, name: str) -> list[dict[str, str | None]]:
    return [
        attributes for tag, attributes in page.elements if tag == "input" and attributes.get("name") == name
    ]


def test_the_question_is_in_the_fields_and_in_every_link(client: TestClient, sweep: Sweep) -> None:
    page = read(client, "/runs?filter=seed+%3D+0&order_by=-number&columns=number,params.learning_rate")
    assert inputs(page, "filter")[0]["value"] == "seed = 0"
    checked = [one["value"] for one in inputs(page, "columns") if "checked" in one]
    assert checked == ["number", "params.learning_rate"]
    assert "?filter=seed+%3D+0&order_by=number&columns=number%2Cparams.learning_rate" in page.links()
    assert [
        one["value"] for one in inputs(page, "runs") if one["value"]
    ]  # beside the empty row of the template


def test_a_line_end_in_a_filter_keeps_the_places(client: TestClient, sweep: Sweep) -> None:
    response = client.get("/runs", params={"filter": "seed = 0\nand nope = 1"})
    assert response.status_code == 422
    page = Document(response.text)
    assert inputs(page, "filter")[0]["value"] == "seed = 0 and nope = 1"
    assert inputs(page, "filter")[0]["data-fault-at"] == "13"
    assert "'nope' is no name" in page.text


def test_a_hostile_filter_is_text(client: TestClient, sweep: Sweep) -> None:
    page = Document(client.get("/runs", params={"filter": HOSTILE, "order_by": HOSTILE}).text)
    assert "img" not in {tag for tag, _ in page.elements}
    assert inputs(page, "filter")[0]["value"] == HOSTILE


def test_a_place_in_another_list_is_said_to_be_lost(client: TestClient, sweep: Sweep) -> None:
    response = client.get("/runs", params={"cursor": "nothing"})
    assert response.status_code == 422
    assert "cannot be found again" in response.text


def test_nothing_found_is_said(client: TestClient, sweep: Sweep) -> None:
    assert "No run is like that." in read(client, "/runs?filter=seed+%3D+99").text


def test_what_is_no_column_is_left_out_and_none_means_the_usual_ones() -> None:
    shown = columns(["seed,nonsense", "params.learning_rate", "metrics.test_loss"], ["number"])
    assert [one.key for one in shown] == ["seed", "params.learning_rate"]
    assert [one.key for one in columns(["nonsense"], ["number", "state"])] == ["number", "state"]


def test_columns_of_metrics_have_their_statistic_in_the_heading() -> None:
    best = column("metrics.validation_accuracy.best")
    assert best is not None
    assert (best.heading, best.path, best.form) == (
        "validation accuracy, best",
        "metrics.validation_accuracy.best",
        "percent",
    )
    assert best in dict(choices([best]))["Metrics"]
    assert column("metrics.test_accuracy") is None
