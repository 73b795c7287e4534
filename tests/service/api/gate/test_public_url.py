"""Behind a proxy that ends TLS: our public name is answered, and cookies are for TLS alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.service.api.conftest import TOKEN

PUBLIC = "https://lab.example.org"


@pytest.fixture
def behind_a_proxy(sqlite_url: str, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(tmp_path),
            "BACKSWEEP_TOKEN": TOKEN,
            "BACKSWEEP_DATABASE_URL": sqlite_url,
            "BACKSWEEP_BROKER_URL": "redis://nowhere.invalid",
            "BACKSWEEP_HOST": "0.0.0.0",  # noqa: S104 - nothing listens in this test
            "BACKSWEEP_PUBLIC_URL": PUBLIC,
        }
    )
    app = create_app(settings, ring=lambda _count: None)
    # As the proxy passes it on: without TLS, with the host that the browser asked for.
    with TestClient(app, base_url="http://lab.example.org", follow_redirects=False) as client:
        yield client


def test_a_login_sets_a_cookie_that_travels_by_tls_alone_and_is_this_hosts_own(
    behind_a_proxy: TestClient,
) -> None:
    answer = behind_a_proxy.post("/login", data={"token": TOKEN}, headers={"Origin": PUBLIC})
    assert answer.status_code == 303
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-backsweep_8765"
    attributes = {each.strip().lower() for each in rest.split(";")}
    assert {"secure", "httponly", "samesite=strict", "path=/"} <= attributes
    assert not [each for each in attributes if each.startswith("domain")]


def test_browsers_are_told_to_stay_with_tls(behind_a_proxy: TestClient) -> None:
    for path in ("/login", "/nothing"):
        assert behind_a_proxy.get(path).headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    "origin", ["http://lab.example.org", "https://lab.example.org:8765", "https://evil.example", "null"]
)
def test_a_page_of_another_origin_logs_nobody_in(behind_a_proxy: TestClient, origin: str) -> None:
    answer = behind_a_proxy.post("/login", data={"token": TOKEN}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["lab.example.org:8765", "evil.lab.example.org", "lab.example.org.evil"])
def test_only_the_public_name_is_answered(behind_a_proxy: TestClient, host: str) -> None:
    assert behind_a_proxy.get("/login", headers={"Host": host}).status_code == 400
