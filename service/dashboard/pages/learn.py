"""The article to play with: where its three parts begin."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.dashboard.rendering import page

router = APIRouter()


@router.get("/learn")
def learn() -> Response:
    """Name the three parts."""
    return page("learn/index.html", {})
