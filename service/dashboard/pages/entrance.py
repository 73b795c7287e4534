"""Where a visitor arrives: the front door, and the login."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from service.dashboard.rendering import page

router = APIRouter()


@router.get("/")
def home() -> Response:
    """The list of sweeps is the front page."""
    return RedirectResponse("/sweeps", status_code=303)


@router.get("/login")
def login(next: str = "/sweeps", failed: str | None = None) -> Response:  # noqa: A002 - the name in the address
    """Where a browser without a session arrives; the one page without anything of its owner's on it."""
    return page("login.html", {"next": next if _is_local(next) else "/sweeps", "failed": failed is not None})


def _is_local(address: str) -> bool:
    """Whether a page of ours is meant: with two slashes, of either kind, a browser reads another host."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))
