"""How the server reads requests off a socket: what is none, or too long, is answered and ended."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from service.supervisor.gathered_writes import MOST_HEAD
from tests.servers.service import RunningService

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost:PORT\r\n"


def exchanged(service: RunningService, *pieces: bytes) -> bytes:
    """All that comes back on one connection until the server ends it; PORT stands for its port."""
    port = urlsplit(service.url).port or 0
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece.replace(b"PORT", b"%d" % port))
            while received := connection.recv(65_536):
                answer += received
        except (ConnectionResetError, BrokenPipeError):
            pass  # it had ended before it had read all
        return answer


def test_a_head_without_end_is_refused_at_its_bound(service: RunningService) -> None:
    filler = b"X-Filler: " + b"x" * 8_000 + b"\r\n"
    pieces = [GET, *[filler] * (MOST_HEAD // 8_000 + 1)]
    answer = exchanged(service, *pieces)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"are too long.")


def test_each_request_of_a_connection_has_a_head_of_its_own(service: RunningService) -> None:
    large = b"X-Filler: " + b"x" * (MOST_HEAD - 10_000) + b"\r\n"
    answer = exchanged(service, GET, large, b"\r\n", GET, large, b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 ") == 2


def test_a_large_body_is_no_head(service: RunningService) -> None:
    body = b" " * (3 * MOST_HEAD)
    head = b"POST /api/v1/sweeps HTTP/1.1\r\nHost: localhost:PORT\r\nConnection: close\r\n"
    answer = exchanged(service, head + b"Content-Length: %d\r\n\r\n" % len(body), body)
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # somebody speaks TLS
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET\r\n\r\n",
        GET + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"Bad Header : x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_and_ended(service: RunningService, text: bytes) -> None:
    answer = exchanged(service, text)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"Invalid HTTP request received.")
