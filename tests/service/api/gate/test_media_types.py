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
def test_what_is_posted_must_be_json_or_a_sweep_in_yaml(client: TestClient, media_type: str) -> None:
    sweeps = "application/json, application/yaml, application/x-yaml, text/yaml, text/x-yaml"
    for path, allowed in (
        ("/api/v1/sweeps", sweeps),
        ("/api/v1/sweeps:preview", sweeps),
        ("/logout", "application/json"),
    ):
        answer = client.post(path, content=b"{}", headers={"Content-Type": media_type})
        assert answer.status_code == 415, path
        assert answer.json()["errors"][0]["allowed"] == allowed
        assert answer.headers["accept-post"] == allowed


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


def test_yaml_is_read_where_a_sweep_is_and_nowhere_else(client: TestClient) -> None:
    yaml = {"Content-Type": "Text/YAML; charset=utf-8"}
    assert client.post("/api/v1/sweeps:preview", content=b"a: 1", headers=yaml).status_code == 422
    assert client.post("/logout", content=b"{}", headers=yaml).status_code == 415
