"""YAML 1.2's core schema is read as JSON is: the same values, the same refusals, and nothing of it runs."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from service.errors import Fault, InvalidSubmission
from service.planning import strict_json
from service.planning.strict_yaml import MAX_BYTES, loads


def faults(text: str | bytes) -> list[Fault]:
    with pytest.raises(InvalidSubmission) as refused:
        loads(text.encode() if isinstance(text, str) else text)
    return list(refused.value.faults)


# Section 10.3.2 of the YAML 1.2.2 specification; texts are those that YAML 1.1 took for something else.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("1.0e-4", 1e-4),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0.0", -0.0),
        ("+12", 12),
        ("007", 7),
        ("-01", -1),
        ("0o17", 15),
        ("0xfF", 255),
        ("null", None),
        ("Null", None),
        ("~", None),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2001-12-14", "2001-12-14"),
        ("0b11", "0b11"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("=", "="),
        ("e3", "e3"),
        (".", "."),
        ("nan", "nan"),
    ],
)
def test_plain_scalars_mean_what_the_core_schema_says(text: str, value: object) -> None:
    document = loads(f"[{text}]".encode())
    assert isinstance(document, list)
    (found,) = document
    assert found == value
    assert type(found) is type(value)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc 1.:-#'\"{}[]&*!%\n\té", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab -1", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_what_a_yaml_writer_writes_is_read_as_json_is(value: object) -> None:
    document = json.loads(json.dumps(value))
    assert loads(json.dumps({"a": value}, ensure_ascii=False).encode()) == {"a": document}


@given(st.text(max_size=40) | st.text("[]{}:-?,&*!|>'\"%@`#~ \n\t0123456789.eExo+ab\\u", max_size=60))
def test_no_text_leads_to_anything_but_a_value_or_a_fault(text: str) -> None:
    with suppress(InvalidSubmission):
        strict_json.check(loads(text.encode("utf-8", "surrogatepass")))


@given(st.binary(max_size=60))
def test_no_bytes_lead_to_anything_but_a_value_or_a_fault(body: bytes) -> None:
    with suppress(InvalidSubmission):
        strict_json.check(loads(body))


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("a: &x 1\nb: *x", "a", "the anchor &x is not read here: line 1, column 4"),
        ("a: *x", "a", "the alias *x is not read here: line 1, column 4"),
        ("a: [!!str 1]", "a[0]", "the tag tag:yaml.org,2002:str is not read here: line 1, column 5"),
        ("a: !!python/object/apply:os.getcwd []", "a", "the tag tag:yaml.org,2002:python/object/apply:os"),
        ("%YAML 1.1\n---\na: no", "", "directives are not read here"),
        ("a: 1\n---\nb: 1", "", "a second document begins: line 2, column 1"),
        ("a: 1\nb:\n  c: 2\n  c: 3", "b.c", "stands twice in this object"),
        ("1: a", "", "the name '1' is not text: line 1, column 1"),
        ("? [a]\n: b", "", "the name is not text: line 1, column 3"),
        ("a: [1, .inf]", "a[1]", ".inf is not finite"),
        ("a: -.INF", "a", "-.INF is not finite"),
        ("a: .nan", "a", ".nan is not finite"),
        ("a: 1e999", "a", "1e999 is beyond every float64"),
        ("a: 9007199254740992", "a", "9007199254740992 is out of range"),
        ("a: 0xffffffffffffffffffffffff", "a", "out of range"),
        ("a: 0x20000000000000", "a", "9007199254740992 is out of range"),
        ('a: "\\0"', "a", "text holds the control character"),
        ("a: \x07", "", "holds the character U+0007, which YAML does not allow"),
        ("a: b: c", "", "is not YAML: mapping values are not allowed here in line 1, column 5"),
        ("a: [1,\n  2", "", "in line 2, column 4"),
        ("a:\n\t- 1", "", "in line 2, column 1"),
        ('a: "\\U00110000"', "", "is not YAML"),
        ("[" * 33 + "]" * 33, "", "is nested deeper than 32 levels"),
        ("- " * 33 + "1", "", "is nested deeper than 32 levels"),
        ("a: 1\n" + "#" * MAX_BYTES, "", "too much to read"),
    ],
)
def test_what_is_left_out_is_refused_with_its_place(text: str, path: str, message: str) -> None:
    (fault,) = faults(text)
    assert fault.path == path
    assert message in fault.message


def test_every_faulty_value_is_told_at_once() -> None:
    found = faults("a: .nan\nb: {c: 1e999}\nd: [1, 99999999999999999]")
    assert [fault.path for fault in found] == ["a", "b.c", "d[1]"]


def test_bytes_that_are_not_utf8_are_refused() -> None:
    assert "is not UTF-8" in faults(b"a: \xff")[0].message
    assert "byte order mark" in faults(b"\xef\xbb\xbfa: 1")[0].message


def test_thirty_two_levels_are_read_and_nothing_is_null() -> None:
    assert loads(b"[" * 32 + b"]" * 32) == strict_json.loads(b"[" * 32 + b"]" * 32)
    assert loads(b"") is None
    assert loads(b"# only a comment\n") is None


def test_numbers_beside_those_of_another_reader() -> None:
    """ruamel.yaml's own resolver agrees wherever it knows only what the core schema has."""
    texts = ["1e3", "1.5e-7", "-3", "0.1", "6.02e23", "1.0"]
    for text in texts:
        other = YAML(typ="safe", pure=True).load(text)
        assert loads(text.encode()) == other
        assert math.isfinite(other)
