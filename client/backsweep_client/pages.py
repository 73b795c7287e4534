"""A list is asked for page by page, as far as somebody reads it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from backsweep_client.transport import Parameters, Transport


def items(
    transport: Transport, path: str, params: Parameters, *, limit: int | None, page_size: int
) -> Iterator[dict[str, Any]]:
    """Every item of a list, or the first `limit`; the next page is fetched when it is needed."""
    return islice(every(transport, path, {**params, "limit": min(page_size, limit or page_size)}), limit)


def every(transport: Transport, path: str, params: Parameters) -> Iterator[dict[str, Any]]:
    """Every item of a list whose pages are as long as the service makes them."""
    cursor: str | None = None
    while True:
        page = transport.json(path, {**params, "cursor": cursor})
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
