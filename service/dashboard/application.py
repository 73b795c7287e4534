"""The dashboard as one call: its pages and its files become part of an application."""

from __future__ import annotations

from fastapi import FastAPI

from service.dashboard import assets, pages


def mount(app: FastAPI) -> None:
    """Add every page and static file; they are no part of the OpenAPI document."""
    app.include_router(assets.router, include_in_schema=False)
    app.include_router(pages.router, include_in_schema=False)
