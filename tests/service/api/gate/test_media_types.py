from __future__ import annotations

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/jsonp",
        "application/problem+json",
        "text/plain; application/json",
        "",
        "nonsense",
    ],
)
def test_what_is_posted_must_be_json(client: TestClient, media_type: str) -> None:
    for path in ("/api/v1/sweeps", "/api/v1/sweeps:preview", "/logout"):
        answer = client.post(path, content=b"{}", headers={"Content-Type": media_type})
        assert answer.status_code == 415, path
        assert answer.json()["errors"][0]["allowed"] == "application/json"
        assert answer.headers["accept-post"] == "application/json"


def test_a_body_without_a_media_type_is_refused(client: TestClient) -> None:
    assert client.post("/api/v1/sweeps", content=b"{}").status_code == 415
    assert client.post("/api/v1/sweeps", content=iter([b"{}"])).status_code == 415


@pytest.mark.parametrize(
    "media_type", ["application/json", "Application/JSON", "application/json; charset=UTF-8"]
)
def test_json_is_read_however_it_is_written(client: TestClient, media_type: str) -> None:
    answer = client.post("/api/v1/sweeps", content=b"{}", headers={"Content-Type": media_type})
    assert answer.status_code == 422


def test_without_a_body_no_media_type_is_needed(client: TestClient) -> None:
    assert client.post("/api/v1/sweeps/s_1:cancel").status_code == 404


def test_the_login_form_is_the_one_exception(stranger: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8765"}
    assert stranger.post("/login", json={"token": "x"}, headers=headers).status_code == 415
    assert stranger.post("/login", data={"token": "x"}, headers=headers).status_code == 401
