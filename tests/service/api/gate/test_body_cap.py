from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.service.api.conftest import MOST_BYTES

JSON = {"Content-Type": "application/json"}


def chunks(total: int, size: int = 10_000) -> Iterator[bytes]:
    """A body without a length; it says how much of it was taken."""
    for start in range(0, total, size):
        yield b" " * min(size, total - start)


def test_a_body_is_refused_by_its_length_before_it_is_read(client: TestClient) -> None:
    answer = client.post("/api/v1/sweeps", content=b" " * (MOST_BYTES + 1), headers=JSON)
    assert answer.status_code == 413
    assert answer.json()["title"] == "Content Too Large"  # RFC 9110, section 15.5.14
    assert str(MOST_BYTES) in answer.json()["detail"]


def test_a_body_without_a_length_is_refused_at_the_chunk_that_is_too_much(client: TestClient) -> None:
    answer = client.post("/api/v1/sweeps", content=chunks(MOST_BYTES + 1), headers=JSON)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_of_just_the_cap_is_read(client: TestClient) -> None:
    for content in (b" " * MOST_BYTES, chunks(MOST_BYTES)):
        answer = client.post("/api/v1/sweeps", content=content, headers=JSON)
        assert answer.status_code == 422


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "", "+5", "5, 5", "٣", "1_000"])
def test_a_length_that_is_no_number_is_refused(client: TestClient, length: str) -> None:
    headers = {**JSON, "Content-Length": length.encode()}
    answer = client.post("/api/v1/sweeps", content=b"{}", headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("length", ["9" * 19, "9" * 5000])
def test_a_length_of_many_digits_is_too_large(client: TestClient, length: str) -> None:
    answer = client.post("/api/v1/sweeps", content=b"{}", headers={**JSON, "Content-Length": length})
    assert answer.status_code == 413


def test_a_login_has_the_same_cap(stranger: TestClient) -> None:
    headers = {"Origin": "http://127.0.0.1:8765", "Content-Type": "application/x-www-form-urlencoded"}
    answer = stranger.post("/login", content=chunks(MOST_BYTES + 1), headers=headers)
    assert answer.status_code == 413
