from __future__ import annotations

import pytest
from safetensors.numpy import save
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building

LISTS = ("/api/v1/sweeps", "/api/v1/runs", "/api/v1/datasets")


@pytest.fixture
def addresses(database: Database) -> dict[str, str]:
    """Every address of a sweep and a run of the local owner, by method."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        run = building.run(session, sweep, 1, state="running", weights_sha256="a" * 64)
        sweep.all_count = sweep.run_count = sweep.running_count = 1
        building.losses(session, run, [1.0])
        building.weights(session, run, save({}))
        s, r = f"/api/v1/sweeps/{sweep.public_id}", f"/api/v1/runs/{run.public_id}"
        return {
            s: "GET",
            f"{s}/summary": "GET",
            f"{s}/curves": "GET",
            f"/api/v1/runs?sweep={sweep.public_id}": "GET",
            r: "GET",
            f"{r}/losses": "GET",
            f"{r}/layers": "GET",
            f"{r}/weights": "GET",
            f"/api/v1/losses?run_ids={run.public_id}": "GET",
            f"{s}:pause": "POST",
            f"{s}:resume": "POST",
            f"{s}:cancel": "POST",
            f"{s}:retry": "POST",
        }


def test_what_belongs_to_another_owner_is_not_there(
    client: TestClient, other_client: TestClient, addresses: dict[str, str]
) -> None:
    for address, method in addresses.items():
        foreign = other_client.request(method, address)
        assert foreign.status_code == 404, address
        assert foreign.headers["content-type"] == "application/problem+json"
    for address, method in addresses.items():
        assert client.request(method, address).status_code == 200, address


def test_what_is_foreign_and_what_is_unknown_look_the_same(
    other_client: TestClient, addresses: dict[str, str]
) -> None:
    for address, method in addresses.items():
        name = address.rpartition("_")[2][:36] if "_" in address else ""
        unknown = address.replace(name[-12:], "0" * 12)
        foreign, missing = other_client.request(method, address), other_client.request(method, unknown)
        assert missing.status_code == foreign.status_code == 404
        assert missing.json()["detail"].replace("0" * 12, name[-12:]) == foreign.json()["detail"], address


def test_lists_hold_only_what_is_ones_own(
    client: TestClient, other_client: TestClient, addresses: dict[str, str]
) -> None:
    for address in LISTS[:2]:
        assert len(client.get(address).json()["items"]) == 1
        assert other_client.get(address).json()["items"] == []


def test_a_cursor_of_another_owner_shows_nothing_of_theirs(
    client: TestClient, other_client: TestClient, database: Database, addresses: dict[str, str]
) -> None:
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
    cursor = client.get("/api/v1/sweeps?limit=1").json()["next_cursor"]
    assert cursor
    assert other_client.get(f"/api/v1/sweeps?cursor={cursor}").json()["items"] == []
