from __future__ import annotations

import json
from typing import Any

import pytest

from service.api.problems import ProblemResponse, escaped
from service.errors import Fault

SCOPE = {"type": "http", "path": "/api/v1/sweeps", "state": {"request_id": "r-1"}}


def shown(fault: Fault) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(bytes(ProblemResponse(SCOPE, 422, "No.", [fault]).body))
    found: dict[str, Any] = body["errors"][0]
    return found


def test_a_problem_has_the_members_of_rfc_9457_and_every_fault() -> None:
    response = ProblemResponse(SCOPE, 422, "No.", [Fault("a.b", "is odd", 3, "even numbers"), Fault("", "x")])
    assert response.headers["content-type"] == "application/problem+json"
    assert json.loads(bytes(response.body)) == {
        "type": "about:blank",
        "title": "Unprocessable Content",  # RFC 9110, section 15.5.21
        "status": 422,
        "detail": "No.",
        "instance": "/api/v1/sweeps",
        "request_id": "r-1",
        "errors": [
            {"path": "a.b", "message": "is odd", "value": "3", "allowed": "even numbers"},
            {"path": "", "message": "x", "value": None, "allowed": None},
        ],
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("é 漢 🎲", "é 漢 🎲"),
        ("\ud800", "\\ud800"),
        ("a\x00b\x1b[2J", "a\\x00b\\x1b[2J"),
        ("\u202eevil", "\\u202eevil"),  # right-to-left override
        ("line\nbreak", "line\\nbreak"),
        (float("nan"), "NaN"),
        ({"a": [1, None]}, '{"a": [1, null]}'),
        (True, "true"),
    ],
)
def test_a_refused_value_is_shown_so_that_nothing_in_it_acts(value: object, text: str) -> None:
    assert shown(Fault("x", "is wrong", value))["value"] == text


def test_an_integer_too_long_to_be_written_is_named_by_its_type() -> None:
    assert shown(Fault("x", "is long", 10**5000))["value"] == "(int)"


def test_a_long_value_is_cut_at_100_characters() -> None:
    assert shown(Fault("x", "is long", "y" * 101))["value"] == "y" * 99 + "…"
    assert shown(Fault("x", "is long", "y" * 100))["value"] == "y" * 100


def test_a_path_and_a_message_may_quote_what_was_sent_and_are_escaped_as_well() -> None:
    found = shown(Fault('tags["\ud800"]', "no \x07", None, "\u2066"))
    assert found == {"path": 'tags["\\ud800"]', "message": "no \\x07", "value": None, "allowed": "\\u2066"}


def test_a_thousand_faults_do_not_make_a_thousand_lines() -> None:
    body = json.loads(bytes(ProblemResponse(SCOPE, 422, "No.", [Fault("", "x")] * 1000).body))
    assert len(body["errors"]) == 100


def test_escaping_leaves_no_character_that_could_not_be_sent() -> None:
    everything = "".join(map(chr, range(0x3000))) + "\ud800\udfff\U000e0001"
    assert escaped(everything, len(everything)).isprintable()
