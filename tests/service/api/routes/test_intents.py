"""What an owner asks of a sweep is answered with the sweep as it is then; workers are rung behind it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from service.lifecycle.access import Scope
from service.lifecycle.api_keys import create_api_key
from service.store.database import Database
from service.store.schema import Run, Sweep
from tests.service.api import building
from tests.service.api.conftest import ADDRESS

SUBMISSION: dict[str, Any] = {
    "dataset": "iris",
    "seeds": 2,
    "parameters": {"learning_rate": {"values": [0.1, 1.0]}, "epochs": 3},
    "baselines": False,
}
UNKNOWN = "s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"
JSON = {"Content-Type": "application/json"}
VERBS = ("pause", "resume", "cancel", "retry", "extend")


@pytest.fixture
def address(client: TestClient, rung: list[int]) -> str:
    answer = client.post("/api/v1/sweeps", json=SUBMISSION)
    assert answer.status_code == 201
    rung.clear()
    return str(answer.json()["links"]["self"])


def _ask(client: TestClient, address: str, verb: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"{address}:{verb}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_paused_sweep_is_resumed_and_its_populations_are_rung_for(
    client: TestClient, address: str, rung: list[int]
) -> None:
    paused = _ask(client, address, "pause")
    assert (paused["state"], paused["intent"], paused["counts"]["paused"]) == ("paused", "pause", 4)
    assert rung == []
    assert _ask(client, address, "pause") == paused
    resumed = _ask(client, address, "resume")
    assert (resumed["state"], resumed["intent"], resumed["counts"]["queued"]) == ("queued", "run", 4)
    assert len(rung) == 1
    assert rung[0] > 0
    assert _ask(client, address, "resume")["state"] == "queued"
    assert len(rung) == 1


def test_a_canceled_sweep_is_retried(client: TestClient, address: str, rung: list[int]) -> None:
    canceled = _ask(client, address, "cancel")
    assert canceled["progress"]["fraction"] == 0.0
    retried = _ask(client, address, "retry")
    assert (retried["state"], retried["intent"], retried["counts"]["queued"]) == ("queued", "run", 4)
    assert retried["finished_at"] is None
    assert len(rung) == 1


def test_an_extended_sweep_shows_what_was_added(client: TestClient, address: str, rung: list[int]) -> None:
    extended = _ask(client, address, "extend", seeds=1, parameters={"learning_rate": {"values": [3.0]}})
    assert extended["runs"] == 9
    assert extended["seeds"] == [0, 1, 2]
    assert extended["extensions"] == [{"seeds": [2], "parameters": {"learning_rate": {"values": [3.0]}}}]
    assert extended["submitted"] == client.get(address).json()["submitted"]
    assert len(rung) == 1


def test_what_is_wrong_with_an_extension_is_named_with_its_place(client: TestClient, address: str) -> None:
    answer = client.post(f"{address}:extend", json={"seeds": [-1], "parameters": {}})
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json()["errors"]} == {"seeds[0]", "parameters"}
    assert client.post(f"{address}:extend", content=b"[1", headers=JSON).status_code == 422


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("pause", "is completed; only a queued, running or paused one can be paused."),
        ("resume", "is completed; only a queued, running or paused one can be resumed."),
        ("cancel", "is completed; only a queued, running or paused one can be canceled."),
        ("retry", "is completed, and none of its runs is canceled or failed; only such runs can be"),
    ],
)
def test_what_a_completed_sweep_does_not_allow_is_a_conflict_that_says_what_is_allowed(
    client: TestClient, database: Database, address: str, verb: str, words: str
) -> None:
    with database.write() as session:
        session.execute(update(Run).values(state="completed"))
        session.execute(update(Sweep).values(state="completed", queued_count=0, completed_count=4))
    answer = client.post(f"{address}:{verb}", json={})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_sweep_that_is_not_ones_own_is_not_there(
    other_client: TestClient, client: TestClient, address: str, verb: str
) -> None:
    body = {"seeds": 1}
    assert other_client.post(f"{address}:{verb}", json=body).status_code == 404
    assert client.post(f"/api/v1/sweeps/{UNKNOWN}:{verb}", json=body).status_code == 404
    assert client.get(address).json()["counts"]["queued"] == 4


@pytest.mark.parametrize("verb", VERBS)
def test_a_key_that_may_only_read_changes_nothing(
    stranger: TestClient, client: TestClient, database: Database, address: str, verb: str
) -> None:
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "local"), name="k", scopes=[Scope.READ])
    headers = {"Authorization": f"Bearer {key.text}"}
    assert stranger.get(ADDRESS + address, headers=headers).status_code == 200
    answer = stranger.post(f"{address}:{verb}", json={"seeds": 1}, headers=headers)
    assert answer.status_code == 403
    assert client.get(address).json()["intent"] == "run"
