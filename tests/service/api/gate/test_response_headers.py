from __future__ import annotations

import pytest
from starlette.testclient import TestClient

# As measured in Chromium with the dashboard's charts.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/healthz", {}),
        ("/login", {}),
        ("/api/v1/sweeps", {}),
        ("/api/v1/sweeps", {"Authorization": "no"}),
        ("/nothing", {}),
        ("/static/none", {}),
        ("/healthz", {"Host": "evil.com"}),
    ],
)
def test_every_answer_has_the_security_headers(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    answer = client.get(path, headers=headers)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["x-request-id"]
    assert "server" not in answer.headers


def test_what_belongs_to_somebody_is_not_kept_by_a_cache(client: TestClient) -> None:
    assert client.get("/api/v1/sweeps").headers["cache-control"] == "no-store"


def test_a_request_keeps_the_id_that_it_came_with(client: TestClient) -> None:
    answer = client.get("/nothing", headers={"X-Request-Id": "trace-7.a_b"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "trace-7.a_b"


@pytest.mark.parametrize("given", ["a b", "x" * 65, "a\x1b[2J", "<script>", ""])
def test_an_id_that_could_do_harm_in_a_log_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 16
