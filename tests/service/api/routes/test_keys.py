from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building
from tests.service.api.conftest import _client

KEYS = "/api/v1/keys"


def made(client: TestClient, *owners: str, **more: Any) -> list[dict[str, Any]]:
    answer = client.post(KEYS, json={"owners": list(owners), **more})
    assert answer.status_code == 201, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def test_a_class_of_thirty_gets_its_keys_by_one_call_and_each_sees_their_own(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    names = [f"student {number}" for number in range(30)]
    keys = made(client, *names)
    assert [key["owner"] for key in keys] == names
    assert len({key["key"] for key in keys}) == 30
    for number in (0, 29):
        with database.write() as session:
            public_id = building.sweep(session, building.owner(session, names[number])).public_id
        student = _client(app, keys[number]["key"])
        assert [each["id"] for each in student.get("/api/v1/sweeps").json()["items"]] == [public_id]
        assert student.get("/api/v1/me").json()["owner"]["name"] == names[number]


def test_a_key_is_shown_once(client: TestClient) -> None:
    (key,) = made(client, "ann", name="for the course", days=30)
    listed = client.get(KEYS)
    assert key["key"].rpartition("_")[2] not in listed.text
    (shown,) = listed.json()["items"]
    assert (shown["id"], shown["name"], shown["is_valid"]) == (key["id"], "for the course", True)
    assert shown["scopes"] == ["read", "submit"]
    assert key["link"] == f"http://127.0.0.1:8765/#token={key['key']}"


def test_only_who_has_the_scope_admin_makes_lists_and_revokes_keys(app: FastAPI, client: TestClient) -> None:
    (student,) = made(client, "ann", scopes=["read", "submit"])
    (teacher,) = made(client, "teacher", scopes=["admin"])
    for_students = _client(app, student["key"])
    for method, path in (
        ("GET", KEYS),
        ("POST", KEYS),
        ("POST", f"{KEYS}/{student['id']}:revoke"),
        ("GET", "/api/v1/owners"),
        ("GET", "/api/v1/audit"),
    ):
        answer = for_students.request(method, path)
        assert answer.status_code == 403, path
        assert "'admin'" in answer.json()["detail"]
    for_teachers = _client(app, teacher["key"])
    assert for_teachers.get(KEYS).status_code == 200
    assert for_teachers.get("/api/v1/sweeps").status_code == 403  # no scope is part of another
    assert for_teachers.post(f"{KEYS}/{student['id']}:revoke").json()["is_valid"] is False
    assert for_students.get("/api/v1/sweeps").status_code == 401


def test_an_owner_is_shut_out_for_good_and_what_is_theirs_stays(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    (key,) = made(client, "ann")
    with database.write() as session:
        building.sweep(session, building.owner(session, "ann"), queued_count=3)
    owner = next(each for each in client.get("/api/v1/owners").json()["items"] if each["name"] == "ann")
    assert (owner["valid_keys"], owner["sweeps"], owner["waiting_runs"]) == (1, 1, 3)
    revoked = client.post(f"/api/v1/owners/{owner['id']}:revoke").json()
    assert (revoked["valid_keys"], revoked["sweeps"]) == (0, 1)
    assert _client(app, key["key"]).get("/api/v1/sweeps").status_code == 401
    assert client.post(KEYS, json={"owners": ["ann"]}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"owners": []}, "owners"),
        ({"owners": ["  "]}, "owners[0]"),
        ({"owners": ["x" * 101]}, "owners[0]"),
        ({"owners": [7]}, "owners[0]"),
        ({"owners": ["ann\u202e"]}, "owners[0]"),
        ({"scopes": ["root"]}, "scopes[0]"),
        ({"scopes": []}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 1.5}, "days"),
        ({"limits": {"queued_runs": -1}}, "limits.queued_runs"),
        ({"limits": {"cpu": 1}}, "limits.cpu"),
        ({"owner": "ann"}, "owner"),
    ],
)
def test_a_faulty_request_for_keys_is_told_where_and_makes_none(
    client: TestClient, changes: dict[str, Any], path: str
) -> None:
    answer = client.post(KEYS, json={"owners": ["ann"]} | changes)
    assert answer.status_code == 422
    assert [fault["path"] for fault in answer.json()["errors"]] == [path]
    assert client.get(KEYS).json()["items"] == []


def test_pages_of_keys_and_of_the_audit_follow_one_another(client: TestClient) -> None:
    for name in ("ann", "ben", "cid"):
        made(client, name)
    for address in (KEYS, "/api/v1/audit", "/api/v1/owners"):
        first = client.get(f"{address}?limit=2").json()
        second = client.get(f"{address}?limit=2&cursor={first['next_cursor']}").json()
        assert len(first["items"]) == 2
        assert 1 <= len(second["items"]) <= 2
        assert not [each for each in first["items"] if each in second["items"]]
        assert client.get(f"{address}?cursor=nonsense").status_code == 422


def test_the_audit_says_who_did_what_with_which_key_and_never_a_secret(
    app: FastAPI, client: TestClient, database: Database
) -> None:
    (key,) = made(client, "ann")
    with database.write() as session:
        public_id = building.sweep(session, building.owner(session, "ann")).public_id
    student = _client(app, key["key"])
    student.post(f"/api/v1/sweeps/{public_id}:cancel", headers={"X-Request-Id": "r-7"})
    student.get(KEYS)
    _client(app, key["key"] + "x").get("/api/v1/sweeps")
    audit = client.get("/api/v1/audit")
    rows = [
        (
            row["owner"] and row["owner"]["name"],
            row["credential"],
            row["action"],
            row["object"],
            row["result"],
        )
        for row in audit.json()["items"]
    ]
    assert rows == [
        (None, None, "GET /api/v1/sweeps", None, "refused"),
        ("ann", f"key {key['id']}", "GET /api/v1/keys", None, "refused"),
        ("ann", f"key {key['id']}", "cancel", public_id, "done"),
        ("local", "token", "make_keys", key["id"], "done"),
    ]
    assert audit.json()["items"][2]["request_id"] == "r-7"
    assert key["key"].rpartition("_")[2] not in audit.text
