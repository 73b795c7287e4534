"""The HTTP interface as one call: routes, failures and description become part of an application."""

from __future__ import annotations

from fastapi import FastAPI

from service.api.context import cookie_name
from service.api.failures import answer_failures
from service.api.openapi import describe
from service.api.routes import (
    completions,
    curves,
    datasets,
    derivatives,
    edits,
    evaluation,
    events,
    exports,
    health,
    intents,
    keys,
    layers,
    login,
    metrics,
    owners,
    points,
    predict,
    preprocessing,
    runs,
    screening,
    summary,
    sweeps,
    system,
    trace,
    trajectories,
    verifications,
    weights,
    workers,
)
from service.settings import Settings

PREFIX = "/api/v1"
FIRST = (sweeps,)  # routes are searched in order, and hundreds of requests in a second are for these
VERSIONED = (
    intents,
    curves,
    points,
    summary,
    preprocessing,
    runs,
    layers,
    weights,
    datasets,
    workers,
    system,
)
TRAINED = (predict, evaluation, verifications)
SCREENED = (screening,)
KEPT = (exports, edits, events, completions)  # before the runs: `export` would be taken for the id of one
ACCESS = (keys, owners)
LEARN = (trace, derivatives, trajectories)

TAGS = [
    {"name": "sweeps", "description": "Submitted jobs and their answers."},
    {"name": "runs", "description": "Single trainings: configuration, losses and weights."},
    {"name": "datasets", "description": "What can be trained on."},
    {"name": "workers", "description": "Who trains."},
    {"name": "learn", "description": "The mathematics itself, with every number written out."},
    {"name": "access", "description": "Owners, their keys and the audit; for keys with the scope `admin`."},
    {"name": "service", "description": "The service itself."},
]


def add_api(app: FastAPI, settings: Settings) -> None:
    """Add every route of the interface."""
    # Not by a router of routers: each level is searched twice for every request.
    for module in (*FIRST, *KEPT, *VERSIONED, *SCREENED, *TRAINED, *LEARN, *ACCESS):
        app.include_router(module.router, prefix=PREFIX)
    app.include_router(health.router)
    app.include_router(metrics.router)
    app.include_router(login.router)
    answer_failures(app)
    describe(app, cookie_name(settings))
