"""What is asked one after the other, as the links of the OpenAPI document lead, is answered as it announces.

A story begins with a list or with something that is made; each of its steps takes identifiers and cursors
from the answers before: a sweep is submitted, looked at, extended, canceled, deleted, and asked for again.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import settings as hypothesis_settings
from starlette.testclient import TestClient

from tests.service.api.fuzz.asking import (
    CASES,
    DOCUMENT,
    SCHEMA,
    STATEFUL,
    TOGETHER,
    Response,
    checks_of,
    send,
    use_an_example,
)
from tests.service.api.fuzz.stored import Stored

STEPS = 10
EXAMPLES = 3  # of four bodies are a documented example, or one with a member changed
LINKED = {
    (operation["operationId"], link["operationId"])
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
    for answer in operation["responses"].values()
    for link in answer.get("links", {}).values()
}


class Told:
    """What was asked and answered, over all stories."""

    def __init__(self) -> None:
        self.cases = 0
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.followed: Counter[str] = Counter()  # links whose values were taken from an answer


class Beginning:
    """The store as it was before the first story: the same steps are to be answered in the same way."""

    def __init__(self, client: TestClient) -> None:
        self._database = client.app.state.context.database  # type: ignore[attr-defined]
        self._database.dispose()  # so that all of it is in one file
        self._path = Path(self._database.engine.url.database)
        self._content = self._path.read_bytes()

    def restore(self) -> None:
        """Take everything back."""
        self._database.dispose()
        # Never over a file that somebody may still have mapped: whoever reads there gets a bus error.
        for ending in ("-wal", "-shm", ""):
            Path(f"{self._path}{ending}").unlink(missing_ok=True)
        self._path.write_bytes(self._content)


def machine(client: TestClient, told: Told) -> Any:
    """Tells one story after the other."""
    beginning = Beginning(client)

    class Stories(SCHEMA.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            beginning.restore()
            self.numbers = count()

        def before_call(self, case: Any) -> None:
            number = next(self.numbers)
            if number % (EXAMPLES + 1):
                use_an_example(case, case.operation, number, changed=number % 2 == 0)

        def step(self, input: Any) -> Any:  # noqa: A002 - Schemathesis's name
            if input.transition is not None and input.is_applied:
                told.followed[input.transition.id] += 1
            return super().step(input)

        def call(self, case: Any, **_kwargs: Any) -> Any:
            response = send(client, case)
            assume(response is not None)
            told.cases += 1
            told.statuses[case.operation.label, response.status_code] += 1
            return Response.from_any(response)

        def validate_response(self, response: Any, case: Any, *_more: Any, **_kwargs: Any) -> None:
            case.validate_response(response, checks=checks_of(case.operation.label))

    return Stories


@pytest.fixture(scope="module")
def told(filled: tuple[TestClient, Stored]) -> Told:
    """All stories, in which every answer was as it is announced."""
    client, _stored = filled
    told = Told()
    stories = machine(client, told)
    wanted = round(STATEFUL * CASES)
    settings = hypothesis_settings(TOGETHER, max_examples=max(5, wanted // STEPS), stateful_step_count=STEPS)
    stories.run(settings=settings)
    return told


def test_stories_of_many_steps_are_answered_as_the_document_announces(told: Told) -> None:
    assert told.cases >= STATEFUL * CASES * 0.8
    assert {status for _label, status in told.statuses if status >= 500} == set()


def test_links_lead_to_what_is_there(told: Told) -> None:
    assert len(told.followed) > 8, told.followed
    for label in ("POST /api/v1/sweeps", "GET /api/v1/sweeps/{sweep_id}", "GET /api/v1/runs"):
        good = sum(n for (each, status), n in told.statuses.items() if each == label and status < 300)
        assert good > 0, label


def test_what_is_made_leads_to_all_that_can_be_asked_of_it() -> None:
    targets = {target for _source, target in LINKED}
    assert {
        "get_sweep",
        "extend",
        "delete_sweep",
        "get_run",
        "get_losses",
        "get_weights",
        "predict",
    } <= targets
    assert {"verify", "get_verification", "preview_dataset", "remove_dataset", "revoke_api_key"} <= targets
