"""Whatever is sent, an answer is one that the OpenAPI document announces: never a 5xx, never another shape.

Schemathesis makes requests that fit the document and requests that do not. Here and there an identifier is
replaced by one that exists, and a body by a documented example with one member changed, so that requests get
behind the first refusal. FUZZ_CASES asks for more of them, then by chance: FUZZ_CASES=20000.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.store.database import Database
from tests.service.api.fuzz.stored import ADDRESS, TOKEN, Stored, client_of, copy_of, fill, settings_over

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.core import NOT_SET
    from schemathesis.core.failures import FailureGroup
    from schemathesis.generation import GenerationMode
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
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
OPERATIONS = {
    operation.label: operation
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    for operation in [found.ok()]  # type: ignore[union-attr]  # a faulty document fails here
}
# Each event is read by the check as a document of its own; OpenAPI 3.1 has no words for that.
UNREADABLE = {
    f"GET {path}": (response_schema_conformance,)
    for path in ("/api/v1/events", "/api/v1/sweeps/{sweep_id}/events")
}
ENDLESS = "/api/v1/events"
SLOW = {"POST /api/v1/datasets": 0.2}  # starts a process of its own for each body
FEW = 0.3  # of the cases go to an operation that takes nothing but an identifier
WHOLE = sum(1.0 if each.body or each.query else FEW for each in OPERATIONS.values())
TOGETHER = hypothesis_settings(
    deadline=None,
    database=None,
    derandomize="FUZZ_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # what is found is told as it was sent: to shrink it takes minutes
)


@pytest.fixture(scope="module")
def filled(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Stored]]:
    """The running application, and what it has stored."""
    folder = tmp_path_factory.mktemp("fuzz")
    url = copy_of(sqlite_template, folder)
    database = Database(url)
    stored = fill(database, folder)
    database.dispose()
    with client_of(settings_over(url, folder)) as client:
        yield client, stored


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_answer_is_one_of_those_that_are_announced(
    filled: tuple[TestClient, Stored], label: str, mode: GenerationMode
) -> None:
    client, stored = filled
    operation = OPERATIONS[label]
    share = SLOW.get(label, 1.0 if operation.body or operation.query else FEW)
    count = max(2, round(share * CASES / WHOLE / 2))

    @hypothesis_settings(TOGETHER, max_examples=count)
    @given(operation.as_strategy(generation_mode=mode), st.integers(0, 3), st.integers(0, 10_000))
    def ask(case: Any, twist: int, choice: int) -> None:
        if twist:
            _name_what_is_there(case, stored, choice)
        if twist in (1, 2):
            _use_an_example(case, operation, choice, changed=twist == 1)
        response = _send(client, case)
        if response is not None:
            checks = [check for check in CHECKS if check not in UNREADABLE.get(label, ())]
            case.validate_response(response, checks=checks)

    try:
        ask()
    except Unsatisfiable:  # an operation without parameters cannot be asked wrongly
        assert mode is GenerationMode.NEGATIVE


def test_what_is_not_announced_is_found(filled: tuple[TestClient, Stored]) -> None:
    client, _stored = filled
    case = OPERATIONS["GET /healthz"].Case()
    case.validate_response(client.get("/healthz"), checks=CHECKS)
    for check, answer in (
        (status_code_conformance, client.get("/nothing")),
        (content_type_conformance, client.get("/login")),
        (response_schema_conformance, client.get("/readyz")),
    ):
        with pytest.raises(FailureGroup):
            case.validate_response(answer, checks=[check])


def _send(client: TestClient, case: Any) -> Any:
    sent = case.as_transport_kwargs(base_url=ADDRESS)
    headers = {
        name: value
        for name, value in sent.pop("headers").items()
        if name.lower() not in ("authorization", "host")
    }
    # An answer that does not end of itself ends as it begins, as when the service stops.
    client.app.state.context.tail.closed = case.path == ENDLESS  # type: ignore[attr-defined]
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


def _name_what_is_there(case: Any, stored: Stored, choice: int) -> None:
    reads = case.method == "GET" or case.path.endswith((":predict", ":preview", ":verify"))
    known = stored.kept if reads else stored.victims
    for name in case.path_parameters or {}:
        if known.get(name):
            case.path_parameters[name] = known[name][choice % len(known[name])]
    query = case.query or {}
    for name, key in (("sweep", "sweep_id"), ("run_ids", "run_id"), ("owner", "owner_id")):
        if name in query:
            query[name] = known[key][choice % len(known[key])]


def _use_an_example(case: Any, operation: Any, choice: int, *, changed: bool) -> None:
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
