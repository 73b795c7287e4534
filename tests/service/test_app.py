from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest

from service.app import NotReady, create_app
from service.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor, which nothing else here needs
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-tests-0123456789"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """As from the environment, over a migrated database."""
    return Settings.from_environment(
        {"BACKSWEEP_HOME": str(tmp_path), "BACKSWEEP_DATABASE_URL": sqlite_url, "BACKSWEEP_TOKEN": TOKEN}
    )


def client_of(settings: Settings) -> TestClient:
    return TestClient(create_app(settings), base_url=f"http://127.0.0.1:{settings.port}")


def test_the_application_opens_nothing_before_it_is_started(tmp_path: Path) -> None:
    create_app(Settings.from_environment({"BACKSWEEP_HOME": str(tmp_path / "home")}))
    assert list(tmp_path.iterdir()) == []


def test_settings_come_from_the_environment_when_the_application_is_made(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    with TestClient(create_app(), base_url="http://127.0.0.1:8765") as client:
        assert client.get("/healthz").status_code == 200


def test_a_started_application_serves_api_and_dashboard(settings: Settings) -> None:
    with client_of(settings) as client:
        assert client.get("/login").status_code == 200
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert client.get("/api/v1/sweeps").json() == {"items": [], "next_cursor": None}
        assert client.get("/sweeps").headers["content-type"].startswith("text/html")
        assert client.get("/readyz").json()["broker"] == {"ok": False, "kind": None}


def test_without_a_token_in_the_environment_the_file_in_the_home_folder_has_it(settings: Settings) -> None:
    (settings.home / "token").write_text("another-token-of-the-tests\n", encoding="ascii")
    with client_of(replace(settings, token=None)) as client:
        client.headers["Authorization"] = "Bearer another-token-of-the-tests"
        assert client.get("/api/v1/sweeps").status_code == 200
        client.headers["Authorization"] = f"Bearer {TOKEN}"
        assert client.get("/api/v1/sweeps").status_code == 401


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_without_any_token_nothing_is_served(settings: Settings, content: str | None) -> None:
    if content is not None:
        (settings.home / "token").write_text(content, encoding="ascii")
    with pytest.raises(NotReady, match="BACKSWEEP_TOKEN"), client_of(replace(settings, token=None)):
        pass


def test_a_database_of_another_version_is_not_served(settings: Settings, tmp_path: Path) -> None:
    empty = replace(settings, database_url=f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(NotReady, match="backsweep migrate"), client_of(empty):
        pass


def test_the_port_that_is_set_is_the_one_that_is_answered_for(settings: Settings) -> None:
    with client_of(replace(settings, port=9000, allowed_hosts=("lab.example.org",))) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/healthz", headers={"Host": "lab.example.org"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "127.0.0.1:8765"}).status_code == 400
