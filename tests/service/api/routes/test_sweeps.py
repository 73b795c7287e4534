from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import update
from starlette.testclient import TestClient

from service.dispatch import Doorbell
from service.planning.statuses import RunState
from service.store.database import Database
from service.store.schema import Run, Sweep
from tests.service.api import building

SUBMISSION: dict[str, Any] = {
    "name": "iris rates",
    "dataset": "iris",
    "method": "grid",
    "seeds": 2,
    "parameters": {"learning_rate": {"values": [0.01, 0.1, 1.0]}, "epochs": 5, "hidden_layers": [8]},
    "tags": {"course": "ml-101"},
    "notes": "é",
}


def submit(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/sweeps", json=SUBMISSION | changes)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_workers_are_rung_for_what_is_left_of_a_sweep_that_is_answered_in_part(
    client: TestClient, rung: list[int], database: Database
) -> None:
    submit(client, keep_weights="none", rerun=True)
    with database.write() as session:
        session.execute(update(Run).where(Run.seed == 0).values(state=RunState.COMPLETED))
    rung.clear()
    counts = submit(client, keep_weights="none")["counts"]
    assert (counts["completed"], counts["queued"]) == (6, 6)
    assert len(rung) == 1
    with database.write() as session:
        session.execute(update(Run).values(state=RunState.COMPLETED))
    rung.clear()
    assert submit(client, keep_weights="none")["state"] == "completed"
    assert rung == []


def test_a_submitted_sweep_is_answered_in_full_and_the_workers_are_rung(
    client: TestClient, rung: list[int]
) -> None:
    answer = client.post("/api/v1/sweeps", json=SUBMISSION)
    assert answer.status_code == 201
    sweep = answer.json()
    assert re.fullmatch(r"s_[0-9a-f-]{36}", sweep["id"])
    assert answer.headers["location"] == sweep["links"]["self"] == f"/api/v1/sweeps/{sweep['id']}"
    assert sweep["runs"] == 6  # 3 rates x 2 seeds
    assert sweep["counts"] == {
        "queued": 12,  # as many linear baselines
        **dict.fromkeys(["running", "paused", "completed", "pruned", "diverged", "failed", "canceled"], 0),
    }
    assert sweep["progress"] == {"epochs_done": 0, "epochs_total": 60, "fraction": 0.0}
    assert (sweep["state"], sweep["intent"], sweep["varied"]) == ("queued", "run", ["learning_rate"])
    assert sweep["metric"] == {"name": "validation_loss", "goal": "minimize"}
    assert sweep["split"]["train"] + sweep["split"]["validation"] + sweep["split"]["test"] == 150
    assert sweep["dataset"]["name"] == "iris"
    assert (sweep["tags"], sweep["notes"], sweep["seeds"]) == ({"course": "ml-101"}, "é", [0, 1])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sweep["created_at"])
    assert (sweep["started_at"], sweep["finished_at"], sweep["elapsed_seconds"]) == (None, None, None)
    assert len(rung) == 1
    assert rung[0] >= 2
    assert client.get(sweep["links"]["self"]).json() == sweep
    assert client.get(sweep["links"]["runs"]).status_code == 200
    assert client.get(sweep["links"]["summary"]).status_code == 200


def test_the_submitted_text_comes_back_as_it_was(client: TestClient) -> None:
    text = '{"name":"x",  "dataset":"iris","method":"grid","parameters":{"learning_rate":1e-1,"epochs":2}}\n'
    answer = client.post(
        "/api/v1/sweeps", content=text.encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.json()["submitted"] == text


def test_a_repeated_request_with_a_key_is_answered_with_the_same_sweep(
    client: TestClient, rung: list[int]
) -> None:
    key = {"Idempotency-Key": "monday's sweep ~1"}
    first = client.post("/api/v1/sweeps", json=SUBMISSION, headers=key)
    again = client.post("/api/v1/sweeps", json=SUBMISSION, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(rung) == 1
    assert len(client.get("/api/v1/sweeps").json()["items"]) == 1


def test_a_key_with_another_body_is_refused(client: TestClient) -> None:
    key = {"Idempotency-Key": "monday"}
    client.post("/api/v1/sweeps", json=SUBMISSION, headers=key)
    answer = client.post("/api/v1/sweeps", json=SUBMISSION | {"seeds": 3}, headers=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


def test_another_owner_may_use_the_same_key(client: TestClient, other_client: TestClient) -> None:
    key = {"Idempotency-Key": "monday"}
    mine = client.post("/api/v1/sweeps", json=SUBMISSION, headers=key)
    theirs = other_client.post("/api/v1/sweeps", json=SUBMISSION, headers=key)
    assert "idempotency-replayed" not in theirs.headers
    assert mine.json()["id"] != theirs.json()["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "\xe9"])
def test_a_key_is_at_most_255_printable_ascii_characters(client: TestClient, key: str) -> None:
    headers: Any = {"Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/api/v1/sweeps", json=SUBMISSION, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].lower() == "idempotency-key"


def test_a_broker_that_is_down_does_not_stop_a_submission(app: FastAPI, client: TestClient) -> None:
    from dataclasses import replace

    doorbell = Doorbell("redis://127.0.0.1:1/0")  # nothing listens on port 1
    app.state.context = replace(app.state.context, ring=doorbell.ring)
    try:
        assert submit(client)["state"] == "queued"
    finally:
        doorbell.close()


def test_a_preview_says_what_a_submit_would_create_and_stores_nothing(
    client: TestClient, rung: list[int]
) -> None:
    preview = client.post("/api/v1/sweeps:preview", json=SUBMISSION).json()
    assert (preview["runs"], preview["baseline_runs"]) == (6, 6)
    # 4 features, 3 classes: linear 4 x 3 + 3; with 8 hidden units (4 + 1) x 8 + (8 + 1) x 3
    assert preview["parameters_per_network"] == {"min": 15, "max": 67}
    assert preview["estimated_bytes"] > 12 * 5 * 64
    assert client.get("/api/v1/sweeps").json()["items"] == []
    assert rung == []
    assert submit(client)["runs"] == preview["runs"]


def test_sweeps_are_listed_newest_first_page_by_page(client: TestClient, database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "local")
        expected = [building.sweep(session, mine, created_at=1_000 + i // 2).public_id for i in range(7)]
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"/api/v1/sweeps?limit=3{cursor and f'&cursor={cursor}'}").json()
        pages.append([sweep["id"] for sweep in answer["items"]])
        cursor = answer["next_cursor"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == expected[::-1]


def test_a_listed_sweep_has_the_members_of_a_single_one_but_its_text(client: TestClient) -> None:
    single = submit(client)
    (listed,) = client.get("/api/v1/sweeps").json()["items"]
    assert {"submitted", "media_type", "extensions", "numerics_version", "constant"} == set(single) - set(
        listed
    )
    assert all(single[name] == value for name, value in listed.items())


def test_the_best_result_is_in_the_list_and_null_where_no_setting_is_best(
    client: TestClient, database: Database
) -> None:
    best = {
        "setting": {"learning_rate": 0.1},
        "mean": 0.25,
        "low": 0.125,
        "high": 0.5,
        "n": 3,
        "curve": {"metric": "validation_loss", "epochs": [1, 2], "mean": [1.0, 0.25]},
    }
    for kept in (best, {}, None):
        sweep = submit(client)
        assert sweep["best_result"] is None
        with database.write() as session:
            session.execute(
                update(Sweep).where(Sweep.public_id == sweep["id"]).values(headline="So.", best_result=kept)
            )
    items = client.get("/api/v1/sweeps").json()["items"]
    assert [item["best_result"] for item in items] == [None, None, best]


def test_who_leads_is_told_until_there_is_an_answer(client: TestClient, database: Database) -> None:
    sweeps = [submit(client) for _ in range(3)]
    assert sweeps[0]["best_so_far"] is None
    with database.write() as session:
        for sweep, changes in zip(
            sweeps, ({"state": "running"}, {"state": "completed"}, {"method": "range_test"}), strict=True
        ):
            which = Sweep.public_id == sweep["id"]
            values = {"leading_number": 2, "leading_value": 0.25, **changes}
            session.execute(update(Sweep).where(which).values(values))
    runs = client.get(f"/api/v1/runs?sweep={sweeps[0]['id']}").json()["items"]
    expected = {
        "run": runs[1]["id"],
        "number": 2,
        "setting": runs[1]["parameters"],
        "value": 0.25,
    }
    items = client.get("/api/v1/sweeps").json()["items"]
    assert [item["best_so_far"] for item in items] == [None, None, expected]
    assert client.get(f"/api/v1/sweeps/{sweeps[0]['id']}").json()["best_so_far"] == expected


def test_a_sweep_in_progress_counts_its_seconds(client: TestClient, database: Database) -> None:
    with database.write() as session:
        row = building.sweep(session, building.owner(session, "local"), created_at=0, started_at=1_500)
        name = row.public_id
    assert client.get(f"/api/v1/sweeps/{name}").json()["elapsed_seconds"] > 1e9
    with database.write() as session:
        session.execute(
            update(Sweep).values(finished_at=4_000, state="completed", epochs_total=8, epochs_done=2)
        )
    found = client.get(f"/api/v1/sweeps/{name}").json()
    assert found["elapsed_seconds"] == 2.5
    assert found["finished_at"] == "1970-01-01T00:00:04.000Z"
    assert found["progress"]["fraction"] == 0.25


def test_a_canceled_sweep_is_answered_and_cannot_be_canceled_again(client: TestClient) -> None:
    sweep = submit(client)
    address = f"/api/v1/sweeps/{sweep['id']}:cancel"
    canceled = client.post(address)
    assert canceled.status_code == 200
    assert (canceled.json()["state"], canceled.json()["intent"]) == ("canceled", "cancel")
    assert canceled.json()["counts"]["canceled"] == 12
    again = client.post(address)
    assert again.status_code == 409
    assert sweep["id"] in again.json()["detail"]


@pytest.mark.parametrize(
    "name",
    [
        "s_1",
        "r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10",
        "S_0193A5C0-7E1B-7C3A-9D53-2F1F6A3F9B10",
        "s_0193a5c0-7e1b-4c3a-9d53-2f1f6a3f9b10",
        "s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10%0A",
        "s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10%00",
        "%ED%A0%80",
        "s_" + "9" * 5000,
        "..%2F..%2Fetc%2Fpasswd",
        "' OR 1=1 --",
        "18446744073709551616",
    ],
)
def test_an_identifier_of_a_wrong_form_names_nothing(client: TestClient, name: str) -> None:
    for address in (
        f"/api/v1/sweeps/{name}",
        f"/api/v1/sweeps/{name}/summary",
        f"/api/v1/sweeps/{name}/curves",
    ):
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert answer.headers["content-type"] == "application/problem+json"
    assert client.post(f"/api/v1/sweeps/{name}:cancel").status_code == 404


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=18446744073709551616", "limit"),
        ("limit=1e1", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=AAAA", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=" + "A" * 501, "cursor"),
        ("Limit=5", "Limit"),
        ("limit=5&colour=red", "colour"),
    ],
)
def test_a_query_parameter_that_is_wrong_is_named(client: TestClient, query: str, path: str) -> None:
    answer = client.get(f"/api/v1/sweeps?{query}")
    assert answer.status_code == 422
    assert path in [fault["path"] for fault in answer.json()["errors"]]


def test_a_method_that_is_not_there_is_answered_with_those_that_are(client: TestClient) -> None:
    answer = client.put("/api/v1/sweeps", json={})
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.headers["allow"].split(", ")) <= {"GET", "POST"}


def test_sweeps_are_found_by_name_tag_state_and_dataset_page_by_page(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        owner = building.owner(session, "local")
        for number in range(4):
            tags = {"course": "ml-101"} if number % 2 else {}
            building.sweep(session, owner, name=f"sweep {number}", tags=tags, created_at=1000 + number // 2)

    def names(text: str) -> list[str]:
        found: list[str] = []
        cursor: str | None = None
        while True:
            asked = {"filter": text, "limit": "1", **({"cursor": cursor} if cursor else {})}
            answer = client.get("/api/v1/sweeps", params=asked)
            assert answer.status_code == 200, answer.text
            found += [sweep["name"] for sweep in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
            if cursor is None:
                return found

    assert names("") == ["sweep 3", "sweep 2", "sweep 1", "sweep 0"]
    assert names("tags.course = 'ml-101' and state = 'queued'") == ["sweep 3", "sweep 1"]
    assert names("name like '%2' or created_at < 1001") == ["sweep 2", "sweep 1", "sweep 0"]
    assert names("dataset = 'digits'") == []
    assert names("dataset is null and method in ('grid')") == ["sweep 3", "sweep 2", "sweep 1", "sweep 0"]
    refused = client.get("/api/v1/sweeps", params={"filter": "nam = 'x'"})
    assert refused.json()["errors"][0]["path"] == "filter[0]"
    cursor = client.get("/api/v1/sweeps?limit=1").json()["next_cursor"]
    other = client.get("/api/v1/sweeps", params={"filter": "runs = 0", "cursor": cursor})
    assert "another filter" in other.json()["errors"][0]["message"]
