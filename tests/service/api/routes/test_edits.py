from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.lifecycle.owners import local_owner
from service.store.database import Database
from service.store.schema import Event
from tests.service.api import building


@pytest.fixture
def address(database: Database) -> str:
    with database.write() as session:
        tags = {"course": "ml-101", "draft": "yes"}
        row = building.sweep(session, local_owner(session), tags=tags, all_count=1, queued_count=1)
        return f"/api/v1/sweeps/{row.public_id}"


def labels(sweep: dict[str, Any]) -> tuple[str, dict[str, str], str]:
    return sweep["name"], sweep["tags"], sweep["notes"]


def test_what_is_sent_is_changed_and_the_rest_stays(client: TestClient, address: str) -> None:
    answer = client.patch(address, json={"name": "new", "tags": {"draft": None, "term": "autumn"}})
    assert answer.status_code == 200, answer.text
    assert labels(answer.json()) == ("new", {"course": "ml-101", "term": "autumn"}, "")
    answer = client.patch(address, json={"notes": "two\nlines"})
    assert labels(answer.json()) == ("new", {"course": "ml-101", "term": "autumn"}, "two\nlines")
    answer = client.patch(address, json={"notes": None, "tags": None})
    assert labels(answer.json()) == ("new", {}, "")
    assert labels(client.get(address).json()) == ("new", {}, "")


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/json"])
def test_a_merge_patch_may_be_called_so(client: TestClient, address: str, media_type: str) -> None:
    answer = client.patch(address, content=b'{"name": "new"}', headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json()["name"]) == (200, "new")


def test_another_kind_of_patch_is_refused_with_what_is_read(client: TestClient, address: str) -> None:
    headers = {"Content-Type": "application/json-patch+json"}
    answer = client.patch(address, content=b"[]", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["accept-patch"] == "application/json, application/merge-patch+json"


def test_an_edit_is_part_of_the_story_and_one_that_changes_nothing_is_not(
    client: TestClient, address: str, database: Database
) -> None:
    before = client.get(address).json()
    assert client.patch(address, json={"name": before["name"]}).json()["last_event"] == before["last_event"]
    after = client.patch(address, json={"name": "new", "notes": "n"}).json()
    assert after["last_event"] == before["last_event"] + 1
    assert after["state"] == before["state"]
    with database.read() as session:
        (event,) = session.query(Event).all()
        assert (event.kind, event.document["changed"]) == ("edited", ["name", "notes"])


def test_nobody_overwrites_a_change_that_they_have_not_seen(client: TestClient, address: str) -> None:
    seen = client.get(address).json()["revision"]
    first = client.patch(address, json={"name": "first"}, headers={"If-Match": f'"{seen}"'})
    assert first.status_code == 200
    second = client.patch(address, json={"name": "second"}, headers={"If-Match": f'"{seen}"'})
    assert second.status_code == 412
    assert first.json()["revision"] in second.json()["detail"]
    assert client.get(address).json()["name"] == "first"
    assert client.patch(address, json={"name": "third"}, headers={"If-Match": "*"}).status_code == 200
    assert client.patch(address, json={"name": "x"}, headers={"If-Match": "seen"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ([], ""),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"nmae": "x"}, "nmae"),
        ({"tags": {"a": 1}}, "tags.a"),
        ({"tags": {str(n): "x" for n in range(49)}}, "tags"),
        ({"notes": "x" * 10_001}, "notes"),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    body: Any, path: str, client: TestClient, address: str
) -> None:
    answer = client.patch(address, json=body)
    assert answer.status_code == 422, answer.text
    assert [error["path"] for error in answer.json()["errors"]] == [path]
    assert labels(client.get(address).json()) == ("a sweep", {"course": "ml-101", "draft": "yes"}, "")


def test_what_is_deleted_is_gone_everywhere_and_cannot_be_deleted_again(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        row = building.sweep(session, local_owner(session), state="completed", headline="done")
        run = building.run(session, row, 1)
        building.losses(session, run, [0.5, 0.4])
        sweep, name = row.public_id, run.public_id
    assert client.delete(f"/api/v1/sweeps/{sweep}").status_code == 204
    for path in (f"/sweeps/{sweep}", f"/runs/{name}", f"/runs/{name}/losses", f"/sweeps/{sweep}/summary"):
        assert client.get(f"/api/v1{path}").status_code == 404
    assert client.get("/api/v1/runs").json()["items"] == []
    assert client.get("/api/v1/sweeps").json()["items"] == []
    assert client.delete(f"/api/v1/sweeps/{sweep}").status_code == 404


def test_a_sweep_at_work_has_to_be_canceled_first(client: TestClient) -> None:
    body = {"dataset": "iris", "seeds": 1, "parameters": {"epochs": 1}, "baselines": False}
    address = client.post("/api/v1/sweeps", json=body).json()["links"]["self"]
    refused = client.delete(address)
    assert refused.status_code == 409
    assert "cancel it" in refused.json()["detail"]
    client.post(f"{address}:cancel", json={})
    assert client.delete(address).status_code == 204


@pytest.mark.parametrize(
    "ask",
    [
        lambda client, address: client.patch(address, json={"name": "mine"}),
        lambda client, address: client.delete(address),
    ],
)
def test_another_owners_sweep_is_not_there(
    ask: Callable[[TestClient, str], Any], other_client: TestClient, client: TestClient, address: str
) -> None:
    assert ask(other_client, address).status_code == 404
    assert client.get(address).json()["name"] == "a sweep"
