"""Whatever is sent, an answer is one that the OpenAPI document announces: never a 5xx, never another shape.

Schemathesis makes requests that fit the document and requests that do not. Here and there an identifier is
replaced by one that exists, and a body by a documented example with one member changed, so that requests get
behind the first refusal. FUZZ_CASES asks for more of them, then by chance: FUZZ_CASES=20000.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from starlette.testclient import TestClient

from tests.service.api.fuzz.asking import (
    CASES,
    CHECKS,
    OPERATIONS,
    STATEFUL,
    TOGETHER,
    FailureGroup,
    GenerationMode,
    checks_of,
    content_type_conformance,
    name_what_is_there,
    response_schema_conformance,
    send,
    status_code_conformance,
    use_an_example,
)
from tests.service.api.fuzz.stored import Stored

SLOW = {"POST /api/v1/datasets": 0.2}  # starts a process of its own for each body
FEW = 0.3  # of the cases go to an operation that takes nothing but an identifier
WHOLE = sum(1.0 if each.body or each.query else FEW for each in OPERATIONS.values())


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_an_answer_is_one_of_those_that_are_announced(
    filled: tuple[TestClient, Stored], label: str, mode: GenerationMode
) -> None:
    client, stored = filled
    operation = OPERATIONS[label]
    share = SLOW.get(label, 1.0 if operation.body or operation.query else FEW)
    count = max(2, round(share * (1 - STATEFUL) * CASES / WHOLE / 2))

    @hypothesis_settings(TOGETHER, max_examples=count)
    @given(operation.as_strategy(generation_mode=mode), st.integers(0, 3), st.integers(0, 10_000))
    def ask(case: Any, twist: int, choice: int) -> None:
        if twist:
            name_what_is_there(case, stored, choice)
        if twist in (1, 2):
            use_an_example(case, operation, choice, changed=twist == 1)
        response = send(client, case)
        if response is not None:
            case.validate_response(response, checks=checks_of(label))

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
