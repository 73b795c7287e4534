"""The application: gates, API and dashboard, put together once the settings are known."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from threading import Thread
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.routing import APIRoute

from service.api.application import TAGS, add_api
from service.api.context import Context
from service.api.gate.layers import layers
from service.api.gate.route_names import RouteNames
from service.api.intake import Intake
from service.api.measures import Measures
from service.api.rings import Rings, ring_workers
from service.api.streams.tail import Tail
from service.api.uploads import Uploads
from service.dashboard.application import mount
from service.dashboard.policy import CONTENT_SECURITY_POLICY
from service.dispatch import Doorbell
from service.errors import BacksweepError
from service.lifecycle.owners import local_owner
from service.planning.statistics import load_distributions
from service.settings import Settings
from service.store.checkpoints import Checkpoints
from service.store.database import Database
from service.store.migrate import is_current

DESCRIPTION = """
Backsweep trains sweeps of small neural networks and says which settings work, and how sure that is.

Lists are `{"items": [...], "next_cursor": null}`. Times are RFC 3339 in UTC with milliseconds. Numbers that
are not finite are the strings "NaN", "Infinity" and "-Infinity". Every failure is a problem document
(RFC 9457) whose `errors` name everything that is wrong with what was sent, each with its path.
"""


class NotReady(BacksweepError):
    """The service cannot serve yet; the message says what to do."""


def create_app(settings: Settings | None = None, *, ring: Callable[[int], object] | None = None) -> FastAPI:
    """Return the application, with settings from the environment unless they are given.

    Nothing is opened before the server starts it. `ring` stands in for the broker's doorbell.
    """
    known = Settings.from_environment(os.environ) if settings is None else settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        database, doorbell = Database(known.database_url), Doorbell(known.broker_url)
        checkpoints = Checkpoints(database)
        rings, intake = Rings(partial(ring_workers, database, doorbell)), Intake(database)
        try:
            context = app.state.context = _context(known, database, doorbell, ring or rings, intake)
            Thread(target=load_distributions, name="loading", daemon=True).start()
            # For the server, which hears of its end before this function does.
            yield {"end_streams": context.tail.close}
        finally:
            intake.close()
            rings.close()
            doorbell.close()
            checkpoints.close()
            database.dispose()

    app = FastAPI(
        title="Backsweep",
        version=version("backsweep"),
        summary="Sweeps of small neural networks: which settings work, and how sure that is.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        middleware=layers(known, CONTENT_SECURITY_POLICY),
        lifespan=lifespan,
    )
    app.state.measures = Measures()
    add_api(app, known)
    mount(app)
    app.state.route_names = RouteNames(app)
    return app


def _context(
    settings: Settings,
    database: Database,
    doorbell: Doorbell,
    ring: Callable[[int], object],
    intake: Intake,
) -> Context:
    if not is_current(database):
        raise NotReady("the database does not have this version's tables: run `backsweep migrate`")
    with database.write() as session:
        owner_id = local_owner(session)
    return Context(
        settings=settings,
        database=database,
        token=_token_of(settings),
        local_owner=owner_id,
        ring=ring,
        broker_answers=lambda: doorbell.waiting() is not None,
        uploads=Uploads(settings.dataset_readers),
        broker_kind=urlsplit(settings.broker_url).scheme if settings.broker_url else None,
        intake=intake,
        tail=Tail(database),
    )


def _token_of(settings: Settings) -> str:
    file = settings.token_file
    token = settings.token or (file.read_text(encoding="ascii").strip() if file.exists() else "")
    if not token:
        raise NotReady("there is no token: set BACKSWEEP_TOKEN, or start with `backsweep up`")
    return token


def _operation_id(route: APIRoute) -> str:
    return route.name
