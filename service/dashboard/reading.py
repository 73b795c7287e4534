"""Pages read what everybody can read: each asks the public API in process, with its visitor's own cookie."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
from fastapi import Request

ROOT = "/api/v1"
FORWARDED = ("authorization", "cookie", "host")

Document = dict[str, Any]
Query = Mapping[str, str | int | None]


class Refused(Exception):
    """The API answered with something else than success."""

    def __init__(self, status: int, detail: str, faults: Sequence[Document] = ()) -> None:
        self.status = status
        self.detail = detail
        self.faults = faults  # the problem document's `errors`
        super().__init__(f"{status}: {detail}")

    @property
    def told(self) -> Sequence[Document]:
        """Every fault with its path and message, or the one thing that was said."""
        return self.faults or [{"path": "", "message": self.detail, "allowed": None}]


class Reader:
    """One visitor's view of the API; the application is called directly, without a socket."""

    def __init__(self, request: Request) -> None:
        forwarded = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        self.address = f"{request.url.scheme}://{request.url.netloc}"
        self.token_file = shlex.quote(str(request.app.state.context.settings.token_file))
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=request.app, client=request.client or ("127.0.0.1", 0)),
            base_url=self.address + ROOT,
            headers={**forwarded, "Accept": "application/json"},
        )

    async def __call__(self, path: str, query: Query | None = None) -> Document:
        """The document at `path` below /api/v1.

        Raises:
            Refused: the API answered with another status than 200.
        """
        given = {name: item for name, item in (query or {}).items() if item is not None}
        return _document(await self._client.get(path, params=given))

    async def post(self, path: str, body: Document) -> Document:
        """What the API works out from `body`; pages ask nothing that changes something.

        Raises:
            Refused: as above.
        """
        # Whoever carries a cookie must say which page asks: it is one of this server's own.
        return _document(await self._client.post(path, json=body, headers={"Origin": self.address}))


def _document(response: httpx.Response) -> Document:
    document: Document = response.json()
    if response.status_code != httpx.codes.OK:
        detail = str(document.get("detail") or document.get("title"))
        raise Refused(response.status_code, detail, document.get("errors") or ())
    return document


def first_scale(losses: Iterable[object]) -> str:
    """The scale that losses are first shown on: a function's may be negative, and have no logarithm."""
    return "linear" if any(isinstance(loss, float | int) and loss < 0 for loss in losses) else "log"
