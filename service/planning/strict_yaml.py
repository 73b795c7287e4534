"""YAML from outside is read by the rules of `strict_json`: whole or refused, and nothing of it runs code.

It is YAML 1.2 with the core schema (https://yaml.org/spec/1.2.2/#103-core-schema), so that `1e-4` is a number
and `no` and `on` are text, and without what a sweep file never needs and an attacker likes: tags, anchors and
aliases, several documents, directives. Names are text; one that stands twice in a mapping is a fault.
ruamel.yaml reads the syntax; what comes out of it is the same tree that JSON makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from service.errors import Fault, InvalidSubmission
from service.planning.strict_json import (
    MAX_DEPTH,
    Pairs,
    Refused,
    as_float,
    as_integer,
    checked,
    decoded,
    member,
)

MAX_BYTES = 2**18  # reading YAML takes about 8 microseconds for each; a larger sweep comes as JSON
_WRITTEN_OUT = "each value written out"
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE, _FALSE = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def loads(body: bytes, max_depth: int = MAX_DEPTH) -> object:
    """The value that these bytes hold.

    Raises: InvalidSubmission with every fault, each under the path of its value; of text that is no YAML, or
    uses what is left out here, the first, with line and column.
    """
    if len(body) > MAX_BYTES:
        message = f"is {len(body):,} bytes of YAML, which is too much to read"
        raise InvalidSubmission([Fault("", message, None, f"at most {MAX_BYTES:,} bytes, or JSON")])
    return checked(_Reading(decoded(body), max_depth).document())


class _Reading:
    """One text, event by event; a depth is counted before anything below it is read."""

    def __init__(self, text: str, max_depth: int) -> None:
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self._max_depth = max_depth

    def _next(self) -> Any:
        """The next event.

        Raises: InvalidSubmission where ruamel.yaml finds no YAML; of some escapes it says so with Python's
        own errors.
        """
        try:
            return next(self._events)
        except Exception as error:
            raise InvalidSubmission([_syntax_fault(error)]) from error

    def document(self) -> object:
        """The only document's tree; nothing at all is null."""
        self._next()  # of the stream
        start = self._next()
        if isinstance(start, StreamEndEvent):
            return None
        if isinstance(start, DocumentStartEvent) and (start.version is not None or start.tags):
            _refuse(start, "", "directives are not read here", "a document without % lines")
        tree = self._node(self._next(), "", self._max_depth)
        self._next()  # the document's end
        if not isinstance(more := self._next(), StreamEndEvent):
            _refuse(more, "", "a second document begins", "one document")
        return tree

    def _node(self, event: Any, path: str, depth_left: int) -> object:
        if isinstance(event, AliasEvent):
            _refuse(event, path, f"the alias *{event.anchor[:40]} is not read here", "each value written out")
        if event.anchor is not None:
            _refuse(
                event, path, f"the anchor &{event.anchor[:40]} is not read here", "each value written out"
            )
        if event.ctag is not None:
            _refuse(event, path, f"the tag {event.tag[:40]} is not read here", "values without tags")
        if isinstance(event, ScalarEvent):
            return event.value if not event.implicit[0] else _scalar(event.value)
        if depth_left == 0:
            message = f"is nested deeper than {self._max_depth} levels"
            raise InvalidSubmission([Fault("", message, None, f"{self._max_depth} levels")])
        if isinstance(event, SequenceStartEvent):
            return list(self._items(path, depth_left - 1))
        assert isinstance(event, MappingStartEvent), "a node is one of these"  # noqa: S101
        return Pairs(self._members(path, depth_left - 1))

    def _items(self, path: str, depth_left: int) -> Iterator[object]:
        index = 0
        while not isinstance(event := self._next(), SequenceEndEvent):
            yield self._node(event, f"{path}[{index}]", depth_left)
            index += 1

    def _members(self, path: str, depth_left: int) -> Iterator[tuple[str, object]]:
        while not isinstance(event := self._next(), MappingEndEvent):
            name = (
                self._node(event, path, depth_left) if isinstance(event, ScalarEvent | AliasEvent) else None
            )
            if not isinstance(name, str):
                shown = f"{event.value!r} " if isinstance(event, ScalarEvent) else ""
                _refuse(event, path, f"the name {shown[:40]}is not text", "text, in quotes where needed")
            yield name, self._node(self._next(), member(path, name), depth_left)


def _scalar(text: str) -> object:
    """What a plain scalar means, in the order of section 10.3.2 of the specification."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _INTEGER.fullmatch(text):
        return as_integer(_without_plus(text))
    if _OTHER_BASE.fullmatch(text):
        # Sixteen digits are beyond every limit; what is longer is told as it is written.
        return as_integer(str(int(text, 0))) if len(text) <= 20 else as_integer(text)
    if _FLOAT.fullmatch(text):
        return as_float(text)
    if _NOT_FINITE.fullmatch(text):
        return Refused(f"{text} is not finite", text)
    return text


def _without_plus(text: str) -> str:
    """The literal as JSON writes it, without a plus sign and leading zeros."""
    sign = "-" if text[0] == "-" else ""
    return sign + (text.lstrip("+-").lstrip("0") or "0")


def _refuse(event: Event, path: str, message: str, allowed: str) -> NoReturn:
    mark: Any = event.start_mark
    where = f"{message}: line {mark.line + 1}, column {mark.column + 1}"
    raise InvalidSubmission([Fault(path, where, None, allowed)])


def _syntax_fault(error: Exception) -> Fault:
    if isinstance(error, ReaderError):
        found = ord(error.character) if isinstance(error.character, str) else error.character
        message = f"holds the character U+{found:04X}, which YAML does not allow"
        return Fault("", message, None, "text without control characters")
    if not isinstance(error, MarkedYAMLError):
        return Fault("", f"is not YAML: {' '.join(str(error).split())[:200]}")
    said = " ".join(part for part in (error.context, error.problem) if part)
    mark = error.problem_mark or error.context_mark
    at = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return Fault("", f"is not YAML: {' '.join(said.split())[:200]}{at}")
