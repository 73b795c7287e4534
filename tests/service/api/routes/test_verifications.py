"""A verification is asked for, watched and shown with its run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from service.api.schemas.verification import Verification
from service.lifecycle.workers import register_worker
from service.store.database import Database
from service.store.schema import Run
from tests.service.training import trained, worker_context
from worker.verifying import verify_next

Train = Callable[..., Sequence[str]]


@pytest.fixture
def train(database: Database, tmp_path: Path) -> Train:
    """Train a small sweep; the ids of its runs."""
    return lambda **sweep: trained(database, tmp_path / "home", **sweep)


@pytest.fixture
def verify(database: Database, tmp_path: Path) -> Callable[[], bool]:
    """Let a worker take up one verification."""
    return lambda: verify_next(worker_context(database, tmp_path / "home", "w2"))


def test_a_verification_is_accepted_rung_for_and_found_at_its_address(
    client: TestClient, train: Train, verify: Callable[[], bool], rung: list[int]
) -> None:
    (run,) = train(dataset="iris")
    answer = client.post(f"/api/v1/runs/{run}:verify")
    assert answer.status_code == 202
    assert rung == [1]
    address = answer.headers["location"]
    assert address == answer.json()["links"]["self"]
    assert answer.json()["state"] == "queued"
    assert client.get(address).json() == answer.json()
    assert verify()
    found = Verification.model_validate(client.get(address).json())
    assert (found.state, found.matches, found.same_environment_class) == ("matches", True, True)
    assert found.weights_sha256 == client.get(f"/api/v1/runs/{run}").json()["weights_sha256"]
    assert found.sentence == "Trained again alone by w2: weights and 3 recorded epochs have equal bits."
    assert client.get(f"/api/v1/runs/{run}").json()["verified"] == client.get(address).json()


def test_a_run_that_nobody_verified_says_so(client: TestClient, train: Train) -> None:
    (run,) = train(dataset="iris")
    assert client.get(f"/api/v1/runs/{run}").json()["verified"] is None


def test_another_environment_class_is_told_with_both_classes(
    client: TestClient, train: Train, verify: Callable[[], bool], database: Database
) -> None:
    (run,) = train(dataset="iris")
    with database.write() as session:
        elsewhere = register_worker(
            session, name="w9", host="there", process_id=1, environment={"blas_kernel": "Cray"}
        )
        # Nobody of that class lives.
        session.execute(update(Run).values(environment_class=elsewhere, weights_sha256="0" * 64))
    from service.lifecycle.workers import worker_stopped

    database.run(lambda session: worker_stopped(session, "w9"))
    address = client.post(f"/api/v1/runs/{run}:verify").headers["location"]
    assert verify()
    found = Verification.model_validate(client.get(address).json())
    assert (found.state, found.same_environment_class) == ("differs", False)
    assert found.environment_differences["blas_kernel"][0] == "Cray"
    assert found.sentence.startswith("Trained again in another environment class, where bits may differ: ")
    assert elsewhere[:12] in found.sentence
    assert "0 ULP apart" in found.sentence
    assert str(found.reason).startswith("another environment class")


def test_a_run_that_has_not_ended_cannot_be_verified(
    client: TestClient, train: Train, database: Database, rung: list[int]
) -> None:
    (run,) = train(dataset="iris")
    with database.write() as session:
        session.execute(update(Run).values(state="canceled"))
    answer = client.post(f"/api/v1/runs/{run}:verify")
    assert answer.status_code == 409
    assert "is canceled: only one that completed or diverged" in answer.json()["detail"]
    assert rung == []


def test_verifications_of_others_are_not_there(
    client: TestClient, other_client: TestClient, train: Train
) -> None:
    (run,) = train(dataset="iris")
    assert other_client.post(f"/api/v1/runs/{run}:verify").status_code == 404
    address = client.post(f"/api/v1/runs/{run}:verify").headers["location"]
    assert other_client.get(address).status_code == 404
    unknown = "/api/v1/verifications/v_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"
    assert client.get(unknown).status_code == 404
    assert client.get("/api/v1/verifications/1").status_code == 404
