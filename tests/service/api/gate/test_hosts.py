from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.api.gate.hosts import answered_hosts


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LocalHost:8765", "[::1]:8765"])
def test_our_own_names_with_our_port_are_answered(stranger: TestClient, host: str) -> None:
    assert stranger.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "evil.com:8765",
        "localhost.evil.com:8765",
        "127.0.0.1.nip.io:8765",
        "localhost@evil.com",
        "localhost",
        "localhost:80",
        "localhost:87650",
        "127.0.0.1:8765.evil.com",
        "127.0.0.1:8765, evil.com",
        "0.0.0.0:8765",
        "192.168.0.1:8765",
        "[::]:8765",
        "localhost.:8765",
        "",
        "\xe9:8765",
    ],
)
def test_another_name_is_refused_before_anything_else(stranger: TestClient, host: str) -> None:
    for path in ("/healthz", "/api/v1/sweeps", "/static/x", "/nothing"):
        answer = stranger.get(path, headers={"Host": host.encode("latin-1")})
        assert answer.status_code == 400, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["path"] == "Host"


def test_two_host_headers_are_refused(stranger: TestClient) -> None:
    twice = [("Host", "localhost:8765"), ("Host", "localhost:8765")]
    assert stranger.get("/healthz", headers=twice).status_code == 400


def test_more_names_can_be_allowed_exactly_as_a_browser_sends_them() -> None:
    hosts = answered_hosts(8765, ["lab.example.org", "10.0.0.5:8765"])
    assert {"lab.example.org", "10.0.0.5:8765", "localhost:8765"} <= hosts
    assert hosts.isdisjoint({"lab.example.org:8765", "10.0.0.5", "example.org"})


def test_browsers_leave_out_port_80() -> None:
    assert {"localhost", "localhost:80"} <= answered_hosts(80)
    assert "localhost" not in answered_hosts(8765)
