from __future__ import annotations

import logging

import pytest
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from service.store.database import Database
from service.store.schema import Owner
from tests.service.api import building


def access_lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "backsweep.access"]


def test_each_request_is_logged_once_with_its_id_and_duration(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.get("/api/v1/runs?filter=params.learning_rate<1", headers={"X-Request-ID": "mine-1"})
    (line,) = access_lines(caplog)
    fields = line.fields  # type: ignore[attr-defined]
    assert (fields["method"], fields["path"], fields["status"]) == ("GET", "/api/v1/runs", 200)
    assert fields["seconds"] >= 0
    assert "learning_rate" not in line.getMessage()  # a query may hold what is nobody's


def test_what_nobody_wants_to_read_is_not_logged_unless_it_fails(
    client: TestClient, stranger: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client.get("/healthz")
    client.get("/metrics")
    assert access_lines(caplog) == []
    stranger.get("/metrics")
    assert [line.fields["status"] for line in access_lines(caplog)] == [401]  # type: ignore[attr-defined]


def test_no_secret_and_no_data_reach_the_log(
    client: TestClient, other_client: TestClient, stranger: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = [str(each.headers["authorization"]).split()[1] for each in (client, other_client)]
    client.get("/api/v1/sweeps")
    other_client.get("/api/v1/sweeps")
    stranger.get("/api/v1/sweeps", headers={"Authorization": "Bearer bs_0123456789ab_guess-of-a-secret"})
    client.post("/api/v1/sweeps", json={"name": "data-of-theirs", "dataset": "nothing-of-the-kind"})
    stranger.post("/login", data={"token": "a-wrong-token-0123456789"})
    text = "\n".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    for word in (*secrets, "guess-of-a-secret", "data-of-theirs", "a-wrong-token"):
        assert word not in text


def test_a_statement_that_fails_is_told_without_its_values(database: Database) -> None:
    with database.write() as session:
        building.owner(session, "a-name-of-theirs")
    with database.write() as session:
        session.add(Owner(name="a-name-of-theirs", created_at=0))
        with pytest.raises(IntegrityError) as caught:
            session.flush()
        session.rollback()
    assert "a-name-of-theirs" not in str(caught.value)
