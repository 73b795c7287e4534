"""What is read is exactly what was sent; everything else is refused under its path."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Fault, InvalidSubmission
from service.planning import strict_json

safe_text = st.text('ab"\\/ é\u4e2d\U0001f600', max_size=8)
documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53 - 1), 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | safe_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(safe_text, inner, max_size=3),
    max_leaves=10,
)


def faults_of(body: bytes | str) -> tuple[Fault, ...]:
    with pytest.raises(InvalidSubmission) as caught:
        strict_json.loads(body.encode() if isinstance(body, str) else body)
    return caught.value.faults


@given(documents)
def test_what_json_can_hold_comes_back_unchanged(document: object) -> None:
    read = strict_json.loads(json.dumps(document).encode())
    assert read == document
    assert repr(read) == repr(document)
    strict_json.check(document)


@given(st.binary(max_size=60))
def test_arbitrary_bytes_raise_nothing_but_invalid_submission(body: bytes) -> None:
    try:
        strict_json.loads(body)
    except InvalidSubmission as error:
        json.dumps([[fault.path, fault.message, fault.value] for fault in error.faults]).encode()


@given(st.lists(st.sampled_from([*'[]{}":,\\ \nx1eE+-.', "\\u", "d800", "null", "NaN", "é"]), max_size=40))
def test_bytes_that_look_like_json_raise_nothing_but_invalid_submission(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    try:
        read = strict_json.loads(body)
    except InvalidSubmission:
        return
    assert read == json.loads(body)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1" * 400 + ".5"])
def test_numbers_that_are_not_finite_are_refused(literal: str) -> None:
    (fault,) = faults_of(f'{{"a": {{"b": [0, {literal}]}}}}')
    assert fault.path == "a.b[1]"
    assert fault.allowed == "a finite number"


@pytest.mark.parametrize("literal", [str(2**53), str(-(2**53)), "9" * 5000, str(2**64)])
def test_whole_numbers_that_javascript_would_change_are_refused(literal: str) -> None:
    (fault,) = faults_of(f'{{"seeds": {literal}}}')
    assert fault.path == "seeds"
    assert "2^53 - 1" in str(fault.allowed)
    assert len(fault.message) < 80


def test_the_largest_whole_numbers_are_read_exactly() -> None:
    assert strict_json.loads(b"[9007199254740991, -9007199254740991]") == [2**53 - 1, -(2**53 - 1)]


def test_a_name_that_stands_twice_is_refused_wherever_it_stands() -> None:
    (fault,) = faults_of('{"a": [{"lr": 1, "b": 2, "lr": 3}]}')
    assert (fault.path, fault.message) == ("a[0].lr", "stands twice in this object")


@pytest.mark.parametrize(
    "escape", ["\\u0000", "\\u001b", "\\u0085", "\\ud800", "\\u202e", "\\u2066", "\\u2028"]
)
def test_characters_that_hide_or_break_text_are_refused_in_names_and_texts(escape: str) -> None:
    name, text = faults_of(f'{{"a{escape}": 1, "b": "x{escape}"}}')
    assert f"U+{escape[2:].upper()}" in name.message
    assert text.path == "b"
    # The answer must itself be JSON that can be sent.
    json.dumps([name.path, name.value, text.value], ensure_ascii=False).encode()


def test_texts_may_have_lines_and_names_may_not() -> None:
    assert strict_json.loads(b'{"notes": "a\\n\\tb\\r\\n"}') == {"notes": "a\n\tb\r\n"}
    assert "U+000A" in faults_of('{"a\\nb": 1}')[0].message


def test_surrogates_in_pairs_are_one_character() -> None:
    assert strict_json.loads(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_counted_before_a_parser_could_fail(opening: str, closing: str) -> None:
    per_piece = opening.count("[") + opening.count("{")
    most = 32 // per_piece
    strict_json.loads((opening * most + "1" + closing * most).encode())
    for times in (most + 1, 100_000):
        for body in (opening * times + "1" + closing * times, opening * times):
            (fault,) = faults_of(body)
            assert fault.message == "is nested deeper than 32 levels"


def test_brackets_in_texts_are_no_nesting() -> None:
    text = '[{"' * 50
    assert strict_json.loads(json.dumps([text, '\\"' + text]).encode()) == [text, '\\"' + text]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"\xff\xfe{\x00}\x00", "byte order mark"),
        (b'{"a": "\xff"}', "is not UTF-8: byte 8 is 0xff"),
        (b'{"a": "\xed\xa0\x80"}', "is not UTF-8"),
        (b'{"a": 1,\n "b" 2}', "in line 2, column 6"),
        (b"", "is not JSON"),
        (b"{} {}", "Extra data"),
        (b"\x00", "is not JSON"),
        (b'{"a": "x\ny"}', "Invalid control character"),
    ],
)
def test_bytes_that_are_no_json_have_one_fault_with_the_place(body: bytes, message: str) -> None:
    (fault,) = faults_of(body)
    assert fault.path == ""
    assert message in fault.message


def test_every_fault_is_told_at_once() -> None:
    paths = [
        fault.path
        for fault in faults_of('{"a": NaN, "b": [1e999, {"c d": 99999999999999999}], "a": "\\u0000"}')
    ]
    assert paths == ["a", "b[0]", 'b[1]["c d"]', "a", "a"]


def test_a_body_with_a_fault_in_every_value_gets_an_answer_of_bounded_size() -> None:
    assert len(faults_of(f"[{','.join(['NaN'] * 5000)}]")) == strict_json.MAX_FAULTS


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"a": [math.nan]}, "a[0]"),
        ({"a": 2**53}, "a"),
        ({"a": 10**5000}, "a"),
        ({"a": {1: 2}}, "a"),
        ({"a": "\x00"}, "a"),
        ({"a": {"\u202e": 1}}, 'a["\\u202e"]'),
        ({"a": {1, 2}}, "a"),
        ({"a": b"x"}, "a"),
    ],
)
def test_values_from_elsewhere_are_held_to_the_same_rules(document: object, path: str) -> None:
    with pytest.raises(InvalidSubmission) as caught:
        strict_json.check(document)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_a_value_that_contains_itself_is_too_deep() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidSubmission, match="nested too deeply"):
        strict_json.check(endless)
