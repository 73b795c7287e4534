"""Pages and their files are compressed for who can read that, and nothing else is."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.dashboard import assets


@pytest.mark.parametrize("path", ["/sweeps", assets.url("css/base.css"), assets.url("js/lib/format.js")])
def test_pages_and_files_are_compressed_for_those_who_read_it(client: TestClient, path: str) -> None:
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    if path != "/sweeps":  # a page says when it was made
        assert packed.content == plain.content


@pytest.mark.parametrize("path", ["/api/v1/sweeps", "/metrics", "/healthz"])
def test_what_programs_read_goes_as_it_is(client: TestClient, path: str) -> None:
    assert "content-encoding" not in client.get(path, headers={"Accept-Encoding": "gzip"}).headers


def test_what_is_compressed_already_is_left_alone(client: TestClient) -> None:
    answer = client.get(assets.url("js/main.js"), headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.startswith("/**")  # once decompressed
