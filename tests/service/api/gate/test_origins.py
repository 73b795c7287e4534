from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.service.api.conftest import TOKEN

OURS = "http://127.0.0.1:8765"
CHANGES = [
    ("POST", "/api/v1/sweeps"),
    ("POST", "/api/v1/sweeps:preview"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("DELETE", "/api/v1/sweeps/x"),
    ("PUT", "/nothing"),
    ("PATCH", "/nothing"),
]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.com"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1:8766"},
        {"Origin": "http://127.0.0.1:8765.evil.com"},
        {"Origin": f"{OURS}, http://evil.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": OURS, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://evil.com", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_page_of_another_origin_changes_nothing_even_with_the_token(
    client: TestClient, headers: dict[str, str]
) -> None:
    for method, path in CHANGES:
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 403, (method, path)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OURS},
        {"Origin": "http://localhost:8765"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": OURS, "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_pages_and_programs_with_a_token_may_change_things(
    client: TestClient, headers: dict[str, str]
) -> None:
    assert client.post("/api/v1/sweeps", json={}, headers=headers).status_code == 422


def test_a_cookie_alone_does_not_change_anything(stranger: TestClient) -> None:
    stranger.post("/login", data={"token": TOKEN}, headers={"Origin": OURS})
    assert stranger.get("/api/v1/sweeps").status_code == 200
    assert stranger.post("/api/v1/sweeps", json={}).status_code == 403
    assert stranger.post("/api/v1/sweeps", json={}, headers={"Origin": OURS}).status_code == 422


def test_a_login_must_say_where_it_comes_from(stranger: TestClient) -> None:
    assert stranger.post("/login", data={"token": TOKEN}).status_code == 403


def test_reading_is_judged_by_the_secret_alone(client: TestClient) -> None:
    assert client.get("/api/v1/sweeps", headers={"Origin": "http://evil.com"}).status_code == 200


def test_no_answer_allows_another_origin_to_read_it(client: TestClient) -> None:
    answer = client.get("/api/v1/sweeps", headers={"Origin": "http://evil.com"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
