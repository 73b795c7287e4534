"""What a page answers: the page, or what the API refused, in words."""

from __future__ import annotations

from collections.abc import Awaitable

from fastapi import Response

from service.dashboard.reading import Document, Refused
from service.dashboard.rendering import page

NOT_FOUND = 404


async def shown(template: str, reading: Awaitable[Document]) -> Response:
    """The page of what is read, or, where the API refuses, a page with its status and reason.

    What is read may hold the page's `status`; else it is 200.
    """
    try:
        found = await reading
        return page(template, found, status=found.get("status", 200))
    except Refused as refused:
        missing = "missing.html" if refused.status == NOT_FOUND else "refused.html"
        return page(missing, {"detail": refused.detail}, status=refused.status)
