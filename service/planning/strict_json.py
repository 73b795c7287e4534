"""JSON from outside is read whole or refused with every fault; nothing is dropped or changed in silence.

Refused are: bytes that are not UTF-8 or start with a byte order mark; NaN and Infinity; numbers beyond the
range of a float64 and whole numbers beyond +-(2^53 - 1), which JavaScript would change; nesting deeper than
`max_depth`; a name that stands twice in one object; and characters that `plain_text` calls unsafe (texts may
hold tabs and line ends, names may not). How many bytes are read at all is decided before they come here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import unsafe_character

MAX_DEPTH = 32
MAX_INTEGER = 2**53 - 1
MAX_FAULTS = 100  # more help nobody, and each carries a path
_MAX_SHOWN = 40  # characters of a refused number or name
# Strings are skipped whole, with possessive quantifiers, so that no body makes the search backtrack.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def loads(body: bytes, max_depth: int = MAX_DEPTH) -> object:
    """The value that these bytes hold.

    Raises: InvalidSubmission with every fault, each under the path of its value; bytes that are no JSON at
    all have one fault with line and column.
    """
    text = decoded(body)
    if _too_deep(body, max_depth):
        raise InvalidSubmission(
            [Fault("", f"is nested deeper than {max_depth} levels", None, f"{max_depth} levels")]
        )
    try:
        tree = json.loads(
            text,
            parse_constant=lambda literal: Refused(f"{literal} is not JSON", literal),
            parse_float=as_float,
            parse_int=as_integer,
            object_pairs_hook=Pairs,
        )
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise InvalidSubmission([Fault("", message)]) from error
    return checked(tree)


def checked(tree: object) -> object:
    """The document of a parsed tree, in which objects are Pairs and numbers may be Refused.

    Raises: InvalidSubmission with every fault, under the path of its value.
    """
    faults: list[Fault] = []
    document = _checked(tree, "", faults)
    if faults:
        raise InvalidSubmission(faults[:MAX_FAULTS])
    return document


def check(document: object, max_depth: int = MAX_DEPTH) -> None:
    """Hold a value that was read by something else (YAML, Python) to the same rules.

    Raises: InvalidSubmission with every fault, under the path of its value.
    """
    faults: list[Fault] = []
    _check(document, "", max_depth, faults)
    if faults:
        raise InvalidSubmission(faults[:MAX_FAULTS])


def member(path: str, name: str) -> str:
    """The path of a member: `split.train`, or `tags["a b"]` where the name is not a plain one."""
    if name.isidentifier() and name.isascii():  # [A-Za-z_][A-Za-z0-9_]*, and faster
        return f"{path}.{name}" if path else name
    shown = name if len(name) <= _MAX_SHOWN else name[: _MAX_SHOWN - 1] + "…"
    return f"{path}[{json.dumps(shown)}]"


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands in the parsed tree for a number that is refused, until its path is known."""

    message: str
    value: str
    allowed: str = "a finite number"


class Pairs(list[tuple[str, object]]):
    """An object's members as they came, doubles included."""


def decoded(body: bytes) -> str:
    """The text of these bytes; raises InvalidSubmission where they are not plain UTF-8."""
    if body.startswith((b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")):
        raise InvalidSubmission(
            [Fault("", "starts with a byte order mark", None, "UTF-8 without a byte order mark")]
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8: byte {error.start + 1} is 0x{body[error.start]:02x}"
        raise InvalidSubmission([Fault("", message, None, "UTF-8")]) from error


def _too_deep(body: bytes, max_depth: int) -> bool:
    # Counted on the bytes, before a parser can exhaust its stack: in UTF-8 no other character contains a
    # bracket's byte.
    if body.count(b"[") + body.count(b"{") <= max_depth:  # of which few documents have more at all
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(body):
        if found.group() in (b"[", b"{"):
            depth += 1
            if depth > max_depth:
                return True
        elif found.group() in (b"]", b"}"):
            depth -= 1
    return False


def _shown(literal: str) -> str:
    return literal if len(literal) <= _MAX_SHOWN else f"{literal[:20]}… ({len(literal)} digits)"


def as_float(literal: str) -> float | Refused:
    """The number that a literal in decimals is, if a float64 can hold it."""
    number = float(literal)
    return (
        number
        if math.isfinite(number)
        else Refused(f"{_shown(literal)} is beyond every float64", _shown(literal))
    )


def as_integer(literal: str) -> int | Refused:
    """The whole number that a decimal literal is, if JavaScript can hold it."""
    # The length comes first: turning thousands of digits into an int takes quadratic time, and Python refuses
    # it at 4,300.
    if len(literal) <= 17 and abs(int(literal)) <= MAX_INTEGER:
        return int(literal)
    return Refused(
        f"{_shown(literal)} is out of range", _shown(literal), "whole numbers from -(2^53 - 1) to 2^53 - 1"
    )


def _checked(tree: object, path: str, faults: list[Fault]) -> object:
    if isinstance(tree, Refused):
        faults.append(Fault(path, tree.message, tree.value, tree.allowed))
        return None
    if isinstance(tree, str):
        faults.extend(_text_faults(tree, path))
    elif isinstance(tree, Pairs):
        return _object(tree, path, faults)
    elif isinstance(tree, list):
        return [_checked(value, f"{path}[{index}]", faults) for index, value in enumerate(tree)]
    return tree


def _object(pairs: Pairs, path: str, faults: list[Fault]) -> dict[str, object]:
    document: dict[str, object] = {}
    for name, value in pairs:
        where = member(path, name)
        faults.extend(_name_faults(name, where))
        if name in document:
            faults.append(Fault(where, "stands twice in this object", None, "each name once"))
        document[name] = _checked(value, where, faults)
    return document


def _name_faults(name: str, path: str) -> Iterator[Fault]:
    found = unsafe_character(name)
    if found:
        yield Fault(
            path, f"a name holds the control character {found}", None, "names without control characters"
        )


def _text_faults(text: str, path: str) -> Iterator[Fault]:
    found = unsafe_character(text, lines=True)
    if found:
        yield Fault(
            path, f"text holds the control character {found}", None, "text without control characters"
        )


def _check(value: object, path: str, depth_left: int, faults: list[Fault]) -> None:
    if isinstance(value, dict | list) and depth_left == 0:
        faults.append(Fault(path, "is nested too deeply", None, f"{MAX_DEPTH} levels"))
    elif isinstance(value, dict):
        for name, member_value in value.items():
            if not isinstance(name, str):
                faults.append(
                    Fault(path, f"the name {ascii(name)[:_MAX_SHOWN]} is not text", None, "text in quotes")
                )
                continue
            where = member(path, name)
            faults.extend(_name_faults(name, where))
            _check(member_value, where, depth_left - 1, faults)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth_left - 1, faults)
    elif isinstance(value, str):
        faults.extend(_text_faults(value, path))
    else:
        faults.extend(_number_faults(value, path))


def _number_faults(value: object, path: str) -> Iterator[Fault]:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            yield Fault(path, "is out of range", _brief(value), "whole numbers from -(2^53 - 1) to 2^53 - 1")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield Fault(path, f"{value} is not finite", str(value), "a finite number")
    else:
        yield Fault(
            path,
            f"a {type(value).__name__} is no JSON value",
            None,
            "text, numbers, true, false, null, lists, objects",
        )


def _brief(value: int) -> str:
    """A huge whole number in a few characters."""
    return f"{value:.6g}" if value.bit_length() < 1024 else f"a number of {value.bit_length()} bits"
