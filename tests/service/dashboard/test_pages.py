"""Pages are complete and harmless as they leave the server, before any module runs."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from service.dashboard.policy import CONTENT_SECURITY_POLICY
from service.store.schema import Run, Sweep
from tests.service.dashboard.conftest import HOSTILE


class Document(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.pieces: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.pieces).split())

    def links(self) -> set[str]:
        return {str(attributes["href"]) for tag, attributes in self.elements if tag == "a"}


def read(client: TestClient, path: str) -> Document:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return Document(response.text)


def paths(client: TestClient, sweep: Sweep) -> list[str]:
    page = f"/sweeps/{sweep.public_id}"
    runs = sorted(link for link in read(client, page).links() if link.startswith("/runs/r_"))
    assert len(runs) == sweep.run_count
    return ["/sweeps", page, *runs]


def test_the_front_page_is_the_list_of_sweeps(client: TestClient) -> None:
    response = client.get("/")
    assert (response.status_code, response.headers["location"]) == (303, "/sweeps")


def test_without_a_sweep_the_list_shows_how_to_submit_one(client: TestClient) -> None:
    text = read(client, "/sweeps").text
    assert "make demo" in text
    assert "curl http://127.0.0.1:8765/api/v1/sweeps" in text


def test_hostile_names_are_text_on_every_page(client: TestClient, sweep: Sweep) -> None:
    for path in [*paths(client, sweep), "/runs"]:
        page = read(client, path)
        assert " ".join(HOSTILE.split()) in page.text, path
        assert "img" not in {tag for tag, _ in page.elements}
        assert "alert(1)" not in {attributes.get("src") for _, attributes in page.elements}


def test_no_page_has_anything_inline_that_runs(client: TestClient, sweep: Sweep) -> None:
    for path in [*paths(client, sweep), "/runs", "/compare", "/login"]:
        for tag, attributes in read(client, path).elements:
            assert tag != "style"
            assert tag != "script" or str(attributes["src"]).startswith("/static/")
            assert not [name for name in attributes if name.startswith("on")], path
            assert not str(attributes.get("href")).lower().startswith("javascript:")


def test_every_page_says_its_policy(client: TestClient, sweep: Sweep) -> None:
    for path in [*paths(client, sweep), "/runs", "/compare", "/login", "/sweeps/s_nothing"]:
        assert client.get(path).headers["content-security-policy"] == CONTENT_SECURITY_POLICY


def test_the_page_of_a_sweep_has_the_answer_and_both_tables_without_a_module(
    client: TestClient, sweep: Sweep
) -> None:
    page = read(client, f"/sweeps/{sweep.public_id}")
    summary = client.get(f"/api/v1/sweeps/{sweep.public_id}/summary").json()
    assert summary["headline"].split("; ")[0].replace(" %", "\u00a0%") in page.text.replace(" ;", ";")
    assert "0.0813" in page.text  # 0.08127 to three significant digits
    assert "1 of 2" in page.text
    assert "NaN" in page.text  # the last loss of the diverged run is what it is


def test_the_page_of_a_run_has_its_losses_and_provenance_without_a_module(
    client: TestClient, sweep: Sweep
) -> None:
    *_, first, second = paths(client, sweep)
    pages = [read(client, path) for path in (first, second)]
    completed = next(page for page in pages if "completed" in page.text)
    assert "a" * 64 in completed.text
    downloads = {link.partition("format=")[2] for link in completed.links() if "/weights?" in link}
    assert downloads == {"safetensors", "npz", "onnx", "json"}
    assert "0.900" in completed.text


def test_a_run_that_did_not_repeat_itself_says_so_on_its_page(client: TestClient, sweep: Sweep) -> None:
    difference = {"epoch": 2, "column": "train_loss", "stored": 0.5, "again": 0.25, "worker": "w1@here"}
    path = paths(client, sweep)[-1]
    assert "was trained again" not in read(client, path).text
    with client.app.state.context.database.write() as session:  # type: ignore[attr-defined]
        session.execute(update(Run).values(replay=difference))
    told = "Epoch 2 was trained again after its worker was lost, and did not come out as before"
    assert told in read(client, path).text


def test_the_headings_of_the_runs_lead_to_sorted_pages(client: TestClient, sweep: Sweep) -> None:
    page = read(client, f"/sweeps/{sweep.public_id}?order_by=metrics.validation_loss")
    assert "?order_by=-metrics.validation_loss#runs" in page.links()
    sort = [attributes for tag, attributes in page.elements if tag == "th" and "aria-sort" in attributes]
    assert [attributes["aria-sort"] for attributes in sort] == ["ascending"]


@pytest.mark.parametrize("path", ["/sweeps/s_nothing", "/runs/r_nothing", "/sweeps/s_nothing%3Flimit=1"])
def test_what_does_not_exist_is_a_page_that_says_so(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404


def test_an_order_that_does_not_exist_is_refused_in_words(client: TestClient, sweep: Sweep) -> None:
    response = client.get(f"/sweeps/{sweep.public_id}?order_by=test_loss")
    assert response.status_code == 422
    assert "test_loss is a test metric" in Document(response.text).text


@pytest.mark.parametrize(
    "target", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_the_login_leads_nowhere_else(client: TestClient, target: str) -> None:
    page = Document(client.get("/login", params={"next": target}).text)
    hidden = [attributes for tag, attributes in page.elements if attributes.get("name") == "next"]
    assert [attributes["value"] for attributes in hidden] == ["/sweeps"]


def test_a_stranger_is_led_to_the_login_and_back(client: TestClient, sweep: Sweep) -> None:
    del client.headers["Authorization"]
    response = client.get(f"/sweeps/{sweep.public_id}")
    assert response.status_code == 303
    page = Document(client.get(response.headers["location"]).text)
    hidden = [attributes for tag, attributes in page.elements if attributes.get("name") == "next"]
    assert [attributes["value"] for attributes in hidden] == [f"/sweeps/{sweep.public_id}"]


def test_a_function_is_shown_as_text_where_a_dataset_would_be(
    client: TestClient, function_sweep: Sweep
) -> None:
    for path in paths(client, function_sweep):
        page = read(client, path)
        assert "img" not in {tag for tag, _ in page.elements}
        assert not [attributes for tag, attributes in page.elements if attributes.get("src") == "x"]
        if path.startswith("/sweeps"):
            assert " ".join(HOSTILE.split()) in page.text, path
    page = read(client, f"/sweeps/{function_sweep.public_id}")
    assert "Function" in page.text
    assert "Dataset" not in page.text.split()  # as a fact; the navigation has their page
    assert "alidation" not in page.text  # neither a column nor a curve of what a function does not have
    assert "one run each" in page.text


def test_the_page_of_a_run_on_a_function_shows_where_it_has_arrived(
    client: TestClient, function_sweep: Sweep
) -> None:
    runs = client.get("/api/v1/runs", params={"sweep": function_sweep.public_id}).json()["items"]
    pages = [read(client, run["links"]["page"]).text for run in runs]
    for number, text in enumerate(pages, start=1):
        assert f"reason {number}" in text
        assert f"x {['0.0625', '0.125', '0.188'][number - 1]}" in text
        assert "y 4.00" in text
        assert "alidation" not in text
    assert "Value at the end −7.50" in pages[1]


def test_only_what_converged_is_marked_so(client: TestClient, function_sweep: Sweep) -> None:
    runs = client.get("/api/v1/runs", params={"sweep": function_sweep.public_id}).json()["items"]
    for run in runs:
        flags = [
            attributes
            for _, attributes in read(client, run["links"]["page"]).elements
            if attributes.get("data-shows") == "arrival.converged"
        ]
        assert ["hidden" in one for one in flags] == [run["arrival"]["standing"] != "converged"]
