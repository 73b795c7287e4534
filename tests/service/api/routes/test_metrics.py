from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from service.api.measures import Measures
from service.api.routes import metrics
from service.lifecycle.access import Scope
from service.lifecycle.api_keys import Grant, create_keys
from service.lifecycle.owners import local_owner
from service.store.database import Database
from tests.service.api import building


@pytest.fixture(autouse=True)
def _new_counts(app: FastAPI) -> None:
    app.state.measures = Measures()


def samples(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def test_what_there_is_to_do_is_told_by_state(client: TestClient, database: Database) -> None:
    with database.write() as session:
        building.sweep(session, local_owner(session), state="running", queued_count=5, running_count=2)
    found = samples(client)
    assert found[key("backsweep_runs", state="queued")] == 5
    assert found[key("backsweep_runs", state="failed")] == 0
    assert found[key("backsweep_sweeps", state="running")] == 1
    assert found[key("backsweep_populations", state="queued")] == 1
    assert found[key("backsweep_workers", state="training")] == 0
    assert found[key("backsweep_event_streams")] == 0
    assert found[key("backsweep_database_up")] == 1
    assert found[key("backsweep_run_epochs_per_second")] == 0
    assert found[key("process_resident_memory_bytes")] > 1e6


def test_requests_are_counted_by_the_template_of_their_route(
    client: TestClient, stranger: TestClient
) -> None:
    for _ in range(2):
        client.get(f"/api/v1/sweeps/{building.new_id('s')}")
    client.get("/api/v1/runs")
    client.get("/sweeps")
    stranger.post(f"/api/v1/sweeps/{building.new_id('s')}:pause")
    client.get("/api/v1/nothing/here")
    client.get("/.git/config")
    stranger.get(f"/api/v1/sweeps/{building.new_id('s')}")
    found = samples(client)

    def count(route: str, status: int, method: str = "GET") -> float:
        labels = {"method": method, "route": route, "status": str(status)}
        return found.get(key("backsweep_http_request_seconds_count", **labels), 0)

    assert count("/api/v1/sweeps/{sweep_id}", 404) == 2
    assert count("/api/v1/runs", 200) == 1
    assert count("/api/v1/sweeps/{sweep_id}", 401) == 1  # refused before any route was looked for
    assert count("/api/v1/sweeps/{sweep_id}:pause", 401, "POST") == 1
    assert count("/sweeps", 200) == 1
    assert count("none", 404) == 2
    assert not [name for name in found if "0193a5c0" in str(name)]


def test_a_scrape_reads_no_run(client: TestClient, database: Database, monkeypatch: Any) -> None:
    from sqlalchemy import event

    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    samples(client)
    assert asked
    assert not [statement for statement in asked if "FROM runs" in statement or "JOIN runs" in statement]


def test_without_a_database_a_process_still_tells_of_itself(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(metrics, "load", fail)
    found = samples(client)
    assert found[key("backsweep_database_up")] == 0
    assert key("backsweep_runs", state="queued") not in found
    assert key("process_cpu_seconds_total") in found


def test_a_stranger_reads_metrics_only_where_a_setting_says_so(app: FastAPI, stranger: TestClient) -> None:
    assert stranger.get("/metrics").status_code == 401
    context = app.state.context
    app.state.context = replace(context, settings=replace(context.settings, public_metrics=True))
    assert stranger.get("/metrics").status_code == 200
    assert stranger.get("/metrics/").status_code != 200
    assert stranger.post("/metrics").status_code != 200
    assert stranger.get("/api/v1/sweeps").status_code == 401


def test_a_key_reads_what_is_everybodys_only_with_the_scope_admin(
    stranger: TestClient, database: Database
) -> None:
    with database.write() as session:
        keys = {
            scope: create_keys(session, ["ann"], Grant(scopes=frozenset({scope})))[0].text for scope in Scope
        }
    for scope, text in keys.items():
        answer = stranger.get("/metrics", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == (200 if scope is Scope.ADMIN else 403), scope
        assert ("backsweep_runs" in answer.text) == (scope is Scope.ADMIN)


def test_openmetrics_is_answered_where_it_is_accepted(client: TestClient) -> None:
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    answer = client.get("/metrics", headers=accept)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
