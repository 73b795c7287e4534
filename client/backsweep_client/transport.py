"""Requests over HTTP: with the secret, again where that is harmless, and refusals as exceptions."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx

from backsweep_client.connection import Connection
from backsweep_client.problems import Unreachable, problem

PREFIX = "/api/v1"
PUBLIC = ("/healthz", "/readyz")  # outside the version, and open to everyone
PAUSES = (0.1, 0.3, 0.9, 2.7)  # seconds before the second attempt and those after it, each up to half more
LONGEST_PAUSE = 30.0  # seconds that a Retry-After is obeyed
BUSY = (429, 502, 503, 504)  # the service, or what stands before it, asks to come back
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Parameters = Mapping[str, str | int | float | bool | Sequence[str] | None]


class Transport:
    """One pool of connections to one service. It is safe to use from several threads."""

    def __init__(
        self, connection: Connection, *, timeout: float = 30.0, http: httpx.BaseTransport | None = None
    ) -> None:
        """Prepare; nothing is sent yet. `http` stands in for the network."""
        self.connection = connection
        self._http = httpx.Client(
            base_url=connection.url,
            timeout=timeout,
            trust_env=not connection.is_local,
            transport=http,
            headers={"User-Agent": "backsweep-client/0.1", "Accept": "application/json"},
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Parameters | None = None,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> httpx.Response:
        """The answer, if it is a success.

        Raises:
            Problem: the service refused.
            Unreachable: nothing answered; what is `repeatable` was tried five times.
        """
        for pause in (*PAUSES, None):
            try:
                response = self._send(method, path, params, json, content, headers)
            except httpx.TransportError as error:
                may_repeat = repeatable or isinstance(error, NEVER_SENT)
                if pause is None or not may_repeat:
                    raise self._unreachable(error) from error
                time.sleep(_jittered(pause))
                continue
            if (
                response.status_code in BUSY
                and pause is not None
                and (repeatable or response.status_code == 429)
            ):
                time.sleep(_asked_to_wait(response, pause))
                continue
            return _success(response)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def json(self, path: str, params: Parameters | None = None) -> Any:
        """The JSON at an address."""
        return self.request("GET", path, params=params).json()

    def post(self, path: str, json: object = None, *, repeatable: bool = True) -> Any:
        """The JSON that answers a POST."""
        response = self.request("POST", path, json=json, repeatable=repeatable)
        return response.json() if response.content else None

    @contextmanager
    def stream(
        self,
        path: str,
        *,
        params: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        silence: float | None = None,
    ) -> Iterator[httpx.Response]:
        """An answer that is read as it comes; `silence` is how many seconds may pass without a byte.

        Raises: as `request`; while it is read, httpx's TransportError.
        """
        timeout = httpx.USE_CLIENT_DEFAULT if silence is None else httpx.Timeout(30.0, read=silence)
        request = self._http.build_request(
            "GET",
            f"{PREFIX}{path}",
            params=_present(params),
            headers={**self._authorization(), **(headers or {})},
            timeout=timeout,
        )
        try:
            response = self._http.send(request, stream=True)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        try:
            if not response.is_success:
                response.read()
            yield _success(response)
        finally:
            response.close()

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        params: Parameters | None,
        json: object,
        content: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        is_public = path in PUBLIC
        return self._http.request(
            method,
            path if is_public else f"{PREFIX}{path}",
            params=_present(params),
            json=json,
            content=content,
            headers={**({} if is_public else self._authorization()), **(headers or {})},
        )

    def _authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.connection.token()}"}

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        reason = str(error) or type(error).__name__
        start = "; `backsweep up` starts the service" if self.connection.is_local else ""
        return Unreachable(f"nothing answers at {self.connection.url}: {reason}{start}")


def _success(response: httpx.Response) -> httpx.Response:
    if response.is_success or response.status_code == 304:
        return response
    try:
        document = response.json()
    except ValueError:
        document = None
    raise problem(response.status_code, document, response.reason_phrase)


def _present(params: Parameters | None) -> dict[str, Any] | None:
    return {name: value for name, value in params.items() if value is not None} if params else None


def _jittered(pause: float) -> float:
    return pause * (1 + random.random() / 2)  # noqa: S311 - it keeps clients apart, and no secret


def _asked_to_wait(response: httpx.Response, pause: float) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isdigit() else _jittered(pause)
