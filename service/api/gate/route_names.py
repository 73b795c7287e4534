"""Under which template a request is counted: one of few names, whatever anybody asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute, compile_path
from starlette.types import Scope

NO_ROUTE = "none"
STATIC = "/static"


class RouteNames:
    """The templates of an application's routes, read once all of them are there."""

    def __init__(self, app: FastAPI) -> None:
        self._by_endpoint: dict[int, str] = {}
        self._patterns: list[tuple[frozenset[str], re.Pattern[str], str]] = []
        for path, methods, endpoint in _routes(app.router.routes):
            self._by_endpoint[id(endpoint)] = path
            self._patterns.append((methods, compile_path(path)[0], path))

    def of(self, scope: Scope) -> str:
        """The name for a request, whether it came to an endpoint or was refused before."""
        reached = self._by_endpoint.get(id(scope.get("endpoint")))
        if reached is not None:
            return reached
        path = scope["path"]
        if path.startswith(f"{STATIC}/"):
            return STATIC
        asked = (
            name
            for methods, pattern, name in self._patterns
            if scope["method"] in methods and pattern.match(path)
        )
        return next(asked, NO_ROUTE)


def _routes(routes: list[BaseRoute]) -> Iterator[tuple[str, frozenset[str], Any]]:
    for route in routes:
        included = getattr(route, "effective_route_contexts", None)  # FastAPI's, for a router in a router
        for each in (route,) if included is None else included():
            path, endpoint = getattr(each, "path", None), getattr(each, "endpoint", None)
            if path and endpoint is not None:
                yield path, frozenset(getattr(each, "methods", None) or ()), endpoint
