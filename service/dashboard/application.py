"""The dashboard as one call: its pages and its files become part of an application."""

from __future__ import annotations

from fastapi import FastAPI

from service.dashboard import assets
from service.dashboard.pages import (
    backpropagation,
    compare,
    datasets,
    descent,
    entrance,
    learn,
    new,
    run,
    runs,
    sweep,
    sweeps,
    system,
    variables,
)

PAGES = (
    entrance,
    sweeps,
    sweep,
    runs,
    compare,
    run,
    new,
    datasets,
    learn,
    backpropagation,
    descent,
    variables,
    system,
)


def mount(app: FastAPI) -> None:
    """Add every page and static file; they are no part of the OpenAPI document."""
    for part in (assets, *PAGES):
        app.include_router(part.router, include_in_schema=False)
