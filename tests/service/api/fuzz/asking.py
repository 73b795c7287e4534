"""The OpenAPI document as Schemathesis reads it, its checks, and how a case of its making is sent."""

from __future__ import annotations

import os
import warnings
from typing import Any

import httpx
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypothesis_settings
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from tests.service.api.fuzz.stored import ADDRESS, TOKEN, Stored

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.core import NOT_SET
    from schemathesis.core.failures import FailureGroup
    from schemathesis.core.transport import Response
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

__all__ = [
    "FailureGroup",
    "GenerationMode",
    "Response",
    "content_type_conformance",
    "response_schema_conformance",
    "status_code_conformance",
]  # loaded here, where the warnings at their import are caught

CASES = int(os.environ.get("FUZZ_CASES", "2000"))  # of all tests here
STATEFUL = 0.3  # of them are steps of a story
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
DOCUMENT = create_app(
    Settings.from_environment({"BACKSWEEP_HOME": "/nowhere", "BACKSWEEP_TOKEN": TOKEN})
).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.config.phases.stateful.inference.algorithms = []  # stories go along the links that we announce
OPERATIONS = {
    operation.label: operation
    for found in SCHEMA.get_all_operations()
    for operation in [found.ok()]  # type: ignore[union-attr]  # a faulty document fails here
}
# Each event is read by the check as a document of its own; OpenAPI 3.1 has no words for that.
UNREADABLE = {
    f"GET {path}": (response_schema_conformance,)
    for path in ("/api/v1/events", "/api/v1/sweeps/{sweep_id}/events")
}
STREAMS = tuple(label.removeprefix("GET ") for label in UNREADABLE)
TOGETHER = hypothesis_settings(
    deadline=None,
    database=None,
    derandomize="FUZZ_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # what is found is told as it was sent: to shrink it takes minutes
)


def checks_of(label: str) -> list[Any]:
    """What is asked of an operation's answers."""
    return [check for check in CHECKS if check not in UNREADABLE.get(label, ())]


def send(client: TestClient, case: Any) -> Any:
    """The answer to a case; None to an address that no client would send."""
    sent = case.as_transport_kwargs(base_url=ADDRESS)
    headers = {
        name: value
        for name, value in sent.pop("headers").items()
        if name.lower() not in ("authorization", "host")
    }
    # An answer that does not end of itself ends as it begins, as when the service stops.
    client.app.state.context.tail.closed = case.path in STREAMS  # type: ignore[attr-defined]
    if case.path == "/login":
        headers |= {"Origin": ADDRESS}
    for name in ("cookies", "timeout", "verify"):
        sent.pop(name, None)
    if isinstance(sent.get("data"), str | bytes):
        sent["content"] = sent.pop("data")
    try:
        return client.request(**sent, headers=headers)
    except httpx.InvalidURL:  # longer than the client, and then the server, would ever send
        return None


def name_what_is_there(case: Any, stored: Stored, choice: int) -> None:
    """Put identifiers of what is there into a case."""
    reads = case.method == "GET" or case.path.endswith((":predict", ":preview", ":verify"))
    known = stored.kept if reads else stored.victims
    for name in case.path_parameters or {}:
        if known.get(name):
            case.path_parameters[name] = known[name][choice % len(known[name])]
    query = case.query or {}
    for name, key in (("sweep", "sweep_id"), ("run_ids", "run_id"), ("owner", "owner_id")):
        if name in query:
            query[name] = known[key][choice % len(known[key])]


def use_an_example(case: Any, operation: Any, choice: int, *, changed: bool) -> None:
    """Make a documented example the body of a case, if it has one; one member may stay as it was."""
    examples = _examples(operation)
    if not examples or case.body is NOT_SET:
        return
    body = dict(examples[choice % len(examples)])
    if changed and isinstance(case.body, dict) and case.body:
        name = sorted(case.body)[choice % len(case.body)]
        body[name] = case.body[name]
    case.body = body


def _examples(operation: Any) -> list[dict[str, Any]]:
    content = DOCUMENT["paths"][operation.path][operation.method].get("requestBody", {}).get("content", {})
    media = content.get("application/json", {})
    found = [each["value"] for each in media.get("examples", {}).values()]
    name = media.get("schema", {}).get("$ref", "").rpartition("/")[2]
    found += DOCUMENT["components"]["schemas"].get(name, {}).get("examples", [])
    return [each for each in found if isinstance(each, dict)]
