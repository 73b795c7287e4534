"""The addresses of the pages; each is a complete document before any module runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.dashboard.reading import Reader, Refused, run_page, sweep_page, sweeps_page
from service.dashboard.rendering import page

NOT_FOUND = 404

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/")
def home() -> Response:
    """The list of sweeps is the front page."""
    return RedirectResponse("/sweeps", status_code=303)


@router.get("/login")
def login(next: str = "/sweeps", failed: str | None = None) -> Response:  # noqa: A002 - the name in the address
    """Where a browser without a session arrives; the one page without anything of its owner's on it."""
    return page("login.html", {"next": next if _is_local(next) else "/sweeps", "failed": failed is not None})


@router.get("/sweeps")
async def sweeps(request: Request, cursor: Cursor = None) -> Response:
    """All sweeps, newest first."""
    try:
        return page("sweeps.html", await sweeps_page(Reader(request), cursor))
    except Refused as refused:
        return _refusal(refused)


@router.get("/sweeps/{sweep_id}")
async def sweep(request: Request, sweep_id: str, order_by: str = "number", cursor: Cursor = None) -> Response:
    """One sweep: the answer, how sure it is, and every run behind it."""
    try:
        return page("sweep.html", await sweep_page(Reader(request), sweep_id, order_by, cursor))
    except Refused as refused:
        return _refusal(refused)


@router.get("/runs/{run_id}")
async def run(request: Request, run_id: str) -> Response:
    """One run: its curves, its configuration and where its numbers come from."""
    try:
        return page("run.html", await run_page(Reader(request), run_id))
    except Refused as refused:
        return _refusal(refused)


def _refusal(refused: Refused) -> Response:
    template = "missing.html" if refused.status == NOT_FOUND else "refused.html"
    return page(template, {"detail": refused.detail}, status=refused.status)


def _is_local(address: str) -> bool:
    """Whether a page of ours is meant: with two slashes, of either kind, a browser reads another host."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))
