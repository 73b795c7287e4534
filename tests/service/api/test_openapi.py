from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.api.examples import SUBMISSIONS


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_for_those_who_may_use_the_service(stranger: TestClient) -> None:
    assert stranger.get("/openapi.json").status_code == 401


def test_the_calls_of_the_first_version_are_all_there(document: dict[str, Any]) -> None:
    assert {name for name, _operation in operations(document)} == {
        "POST /api/v1/sweeps",
        "POST /api/v1/sweeps:preview",
        "GET /api/v1/sweeps",
        "GET /api/v1/sweeps/{sweep_id}",
        "GET /api/v1/sweeps/{sweep_id}/summary",
        "GET /api/v1/sweeps/{sweep_id}/comparison",
        "GET /api/v1/sweeps/{sweep_id}/curves",
        "GET /api/v1/sweeps/{sweep_id}/importance",
        "GET /api/v1/sweeps/{sweep_id}/points",
        "GET /api/v1/sweeps/{sweep_id}/preprocessing",
        "GET /api/v1/sweeps/{sweep_id}/screening",
        "GET /api/v1/events",
        "GET /api/v1/sweeps/{sweep_id}/events",
        "PATCH /api/v1/sweeps/{sweep_id}",
        "GET /api/v1/sweeps/{sweep_id}/export",
        "GET /api/v1/runs/export",
        "DELETE /api/v1/sweeps/{sweep_id}",
        "POST /api/v1/sweeps/{sweep_id}:pause",
        "POST /api/v1/sweeps/{sweep_id}:resume",
        "POST /api/v1/sweeps/{sweep_id}:cancel",
        "POST /api/v1/sweeps/{sweep_id}:retry",
        "POST /api/v1/sweeps/{sweep_id}:extend",
        "GET /api/v1/runs",
        "GET /api/v1/runs/{run_id}",
        "GET /api/v1/runs/{run_id}/losses",
        "GET /api/v1/runs/{run_id}/layers",
        "GET /api/v1/losses",
        "GET /api/v1/runs/{run_id}/weights",
        "GET /api/v1/runs/{run_id}/evaluation",
        "POST /api/v1/runs/{run_id}:predict",
        "POST /api/v1/runs/{run_id}:verify",
        "GET /api/v1/verifications/{verification_id}",
        "POST /api/v1/datasets",
        "GET /api/v1/datasets",
        "GET /api/v1/datasets/{dataset}",
        "GET /api/v1/datasets/{dataset}/preview",
        "DELETE /api/v1/datasets/{dataset}",
        "GET /api/v1/runs:complete",
        "GET /api/v1/sweeps:complete",
        "GET /api/v1/workers",
        "GET /api/v1/system",
        "POST /api/v1/trace",
        "POST /api/v1/derivatives",
        "POST /api/v1/trajectories",
        "POST /api/v1/keys",
        "GET /api/v1/keys",
        "POST /api/v1/keys/{key_id}:revoke",
        "GET /api/v1/me",
        "GET /api/v1/owners",
        "POST /api/v1/owners/{owner_id}:revoke",
        "GET /api/v1/audit",
        "GET /healthz",
        "GET /metrics",
        "GET /readyz",
        "POST /login",
        "POST /logout",
    }


def test_every_operation_has_a_name_a_summary_and_a_description(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _name, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-z_]+", name) for name in names)
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        assert len(operation["tags"]) == 1, name


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    assert {"Problem", "SweepSubmission", "Sweeps", "LossTable", "Summary"} <= references


def test_every_failure_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for name, operation in operations(document):
        failures = {s: r for s, r in operation["responses"].items() if s >= "400" and "/readyz" not in name}
        assert all("application/problem+json" in each["content"] for each in failures.values()), name
        if operation.get("security") != []:
            assert {"401", "403"} <= set(failures), name


def test_the_public_operations_are_those_that_need_no_secret(document: dict[str, Any]) -> None:
    public = {name for name, operation in operations(document) if operation.get("security") == []}
    assert public == {"GET /healthz", "GET /readyz", "POST /login"}
    schemes = document["components"]["securitySchemes"]
    assert schemes["session"]["name"] == "backsweep_8765"
    assert {name for choice in document["security"] for name in choice} == set(schemes)


def test_a_submission_is_described_although_fastapi_does_not_read_it(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v1/sweeps"]["post"]["requestBody"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/SweepSubmission"}
    assert "parameters" in document["components"]["schemas"]["SweepSubmission"]["properties"]


@pytest.mark.parametrize("name", SUBMISSIONS)
def test_the_examples_are_accepted_as_they_stand(client: TestClient, name: str) -> None:
    answer = client.post("/api/v1/sweeps:preview", json=SUBMISSIONS[name]["value"])
    assert answer.status_code == 200, answer.text


def test_pages_of_the_dashboard_are_no_part_of_it(app: FastAPI) -> None:
    assert not [path for path in app.openapi()["paths"] if path.startswith(("/sweeps", "/runs", "/static"))]
