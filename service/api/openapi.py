"""The OpenAPI document: FastAPI's, with what it cannot see of our own reading, gates and failures."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.api.gate.authentication import PUBLIC
from service.api.links import link_operations
from service.api.problems import Problem, documented
from service.api.schemas.derivatives import DerivativesRequest
from service.api.schemas.prediction import PredictionRequest
from service.api.schemas.trace import TraceRequest
from service.api.schemas.trajectories import TrajectoriesRequest
from service.planning.extension import SweepExtension
from service.planning.new_keys import NewKeys
from service.planning.submission import SweepSubmission
from service.planning.sweep_edit import SweepEdit

# Bodies that our own reader reads, and the failure that no endpoint returns: FastAPI sees none of them.
UNREAD = (
    SweepSubmission,
    SweepExtension,
    SweepEdit,
    NewKeys,
    Problem,
    PredictionRequest,
    TraceRequest,
    DerivativesRequest,
    TrajectoriesRequest,
)
REFERENCE = "#/components/schemas/{model}"
TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "The service's token, or an API key `bs_<prefix>_<secret>`.",
}
SESSION = {"type": "apiKey", "in": "cookie", "description": "A browser's session, opened by POST /login."}


def describe(app: FastAPI, cookie: str) -> None:
    """Let `app` answer /openapi.json with the whole truth."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, cookie)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def _document(app: FastAPI, cookie: str) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"token": TOKEN, "session": {**SESSION, "name": cookie}}
    schemas = components.setdefault("schemas", {})
    for model in UNREAD:
        schema = model.model_json_schema(ref_template=REFERENCE)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, is_public=(method.upper(), path) in PUBLIC, writes=method != "get")
    link_operations(document)
    document["security"] = [{"token": []}, {"session": []}]
    return document


def _complete(operation: dict[str, Any], *, is_public: bool, writes: bool) -> None:
    """Add to an operation what the gates before every endpoint answer, and take away what never is."""
    if "application/json" in operation["responses"].get("422", {}).get("content", {}):
        del operation["responses"]["422"]  # FastAPI's own form, which our failures replace
    if is_public:
        operation["security"] = []
    refusals = documented(400, 500) if is_public else documented(400, 401, 403, 429, 500, 503)
    if writes:  # where the database's disk is full
        refusals |= documented(507)
    for status, response in refusals.items():
        operation["responses"].setdefault(str(status), response)
    operation["responses"] = dict(sorted(operation["responses"].items()))
