"""The grammar of filters and orders, and its parser: text becomes names and values with their places.

MLflow's search grammar is a subset: https://mlflow.org/docs/latest/ml/search/search-runs. Words are not case
sensitive. Text stands in single or double quotes; an odd key in back ticks or double quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import nearest, unsafe_character

MOST_CHARACTERS = 2_000
MOST_DEPTH = 32  # of parentheses, `not`, `and` and `or` inside each other

GRAMMAR = r"""
filter: [either]
?either: both (_OR both)*
?both: one (_AND one)*
?one: NOT one -> negation
    | "(" either ")" -> inside
    | condition
condition: name OPERATOR literal -> comparison
    | name [NOT] _IN "(" literal ("," literal)* ")" -> membership
    | name [NOT] _BETWEEN literal _AND literal -> between
    | name [NOT] (LIKE | ILIKE) literal -> likeness
    | name _IS [NOT] _NULL -> missing

order: [order_key ("," order_key)*]
order_key: [MINUS] name [ASC | DESC]

name: (WORD | TICKED) ("." (KEY | TICKED | TEXT))*
literal: TEXT | DATE | NUMBER | WORD | INFINITY

OPERATOR: /!=|<>|<=|>=|==|<|>|=/
MINUS: "-"
_OR.3: /or\b/i
_AND.3: /and\b/i
NOT.3: /not\b/i
_IN.3: /in\b/i
_BETWEEN.3: /between\b/i
LIKE.3: /like\b/i
ILIKE.3: /ilike\b/i
_IS.3: /is\b/i
_NULL.3: /null\b/i
ASC.3: /asc\b/i
DESC.3: /desc\b/i
TEXT: /'[^']*'/ | /"[^"]*"/
TICKED: /`[^`]*`/
DATE.2: /\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?/
NUMBER.1: /[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?(?![\w.])/
INFINITY.3: /[+-]infinity\b/i
WORD: /[^\W\d][\w-]*/
KEY: /[\w\/-]+/
%ignore /\s+/
"""

EXPECTED = {
    "OPERATOR": "= != < <= > >=",
    "MINUS": "-",
    "WORD": "a name",
    "TICKED": "a name",
    "KEY": "a name",
    "TEXT": "text in quotes",
    "DATE": "a date",
    "NUMBER": "a number",
    "INFINITY": "a number",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "DOT": ".",
    "$END": "the end",
}
KEYWORDS = ("and", "or", "not", "in", "between", "like", "ilike", "is", "null", "asc", "desc")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text: an offset from 0, and line and column from 1."""

    offset: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written: its parts, which dots separated."""

    parts: tuple[str, ...]
    place: Place

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as written, without its quotes; `kind` is the terminal that it matched."""

    kind: str
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Written:
    """One condition as written; `word` is comparison, membership, between, likeness or missing."""

    word: Literal["comparison", "membership", "between", "likeness", "missing"]
    name: Name
    values: tuple[Constant, ...] = ()
    operator: str = ""
    negated: bool = False
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts that `and` or `or` joins, or the one that `not` turns around."""

    word: Literal["and", "or", "not"]
    parts: tuple[Joined | Written, ...]


@dataclass(frozen=True, slots=True)
class OrderKey:
    """One key of an order as written."""

    name: Name
    descending: bool


def parse_filter(text: str, path: str = "filter") -> Joined | Written | None:
    """The conditions of a filter as written; None for an empty one.

    Raises:
        InvalidSubmission: with the place and what was expected there.
    """
    found: Joined | Written | None = _parse(text, "filter", path)
    return found


def parse_order(text: str, path: str = "order_by") -> Sequence[OrderKey]:
    """The keys of an order as written.

    Raises:
        InvalidSubmission: with the place and what was expected there.
    """
    found: Sequence[OrderKey] = _parse(text, "order", path)
    return found


def written_so_far(
    text: str, language: Literal["filter", "order"]
) -> tuple[frozenset[str], Sequence[object]]:
    """The terminals that may follow the beginning of a text, and what has been read, the latest last.

    Raises:
        UnexpectedInput: it is no beginning.
    """
    parser = _parser().parse_interactive(text, start=language)
    for _ in parser.iter_parse():
        pass
    accepted: set[str] = parser.accepts()  # type: ignore[no-untyped-call]  # lark has no types for it
    return frozenset(accepted), tuple(parser.parser_state.value_stack)


def fault_at(
    path: str, place: Place, message: str, value: object = None, allowed: str | None = None
) -> Fault:
    """What is wrong at a place: the path holds the offset, the message line and column for people."""
    where = f"line {place.line}, column {place.column}"
    return Fault(f"{path}[{place.offset}]", f"{where}: {message}", value, allowed)


def _parse(text: str, start: str, path: str) -> Any:
    if len(text) > MOST_CHARACTERS:
        message = f"is {len(text)} characters long"
        raise InvalidSubmission([Fault(path, message, text[:100], f"at most {MOST_CHARACTERS} characters")])
    if unsafe := unsafe_character(text, lines=True):
        raise InvalidSubmission([Fault(path, f"holds {unsafe}", text, "text without control characters")])
    try:
        return _parser().parse(text, start=start)
    except _TooDeep:
        message = f"is nested more than {MOST_DEPTH} deep"
        raise InvalidSubmission([Fault(path, message, text, f"{MOST_DEPTH} levels of ( ) and not")]) from None
    except UnexpectedInput as error:
        raise InvalidSubmission([_unexpected(error, text, path)]) from None


def _unexpected(error: UnexpectedInput, text: str, path: str) -> Fault:
    offset, found = len(text), ""
    names: set[str] = set()
    if isinstance(error, UnexpectedToken):
        names = set(error.expected)
        if error.token.type != "$END":
            offset, found = _place_of(error.token).offset, str(error.token)
    elif isinstance(error, UnexpectedCharacters):
        names, offset = set(error.allowed or ()), getattr(error, "pos_in_stream", None) or 0
        found = text[offset]
    place = _place(text, offset)
    allowed = ", ".join(dict.fromkeys(_expected(name) for name in sorted(names, key=_rank)))
    if not found:
        return fault_at(path, place, "it ends too early", text[-20:], allowed)
    if found[0] in "'\"`":
        return fault_at(path, place, f"the quote {found[0]} is not closed", text[offset:], allowed)
    message = f"{found[:50]} is not expected here"
    hint = nearest(found, [word for word in KEYWORDS if {word.upper(), f"_{word.upper()}"} & names])
    return fault_at(path, place, f"{message}; did you mean {hint!r}?" if hint else message, found, allowed)


def _expected(name: str) -> str:
    return EXPECTED.get(name) or name.removeprefix("_").lower()


def _rank(name: str) -> tuple[bool, str]:
    return name == "$END", _expected(name)


def _place(text: str, offset: int) -> Place:
    before = text[:offset]
    return Place(offset, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


class _TooDeep(Exception):
    """More levels than `MOST_DEPTH`."""


@dataclass(frozen=True, slots=True)
class _Level:
    """A part with the number of levels inside it, so that the bound holds while the tree grows."""

    part: Joined | Written
    depth: int

    def __post_init__(self) -> None:
        if self.depth > MOST_DEPTH:
            raise _TooDeep


class _Reader(Transformer[Token, Any]):
    """Runs inside the parser, rule by rule from the leaves up: no recursion, however deep a text is."""

    def filter(self, parts: list[_Level | None]) -> Joined | Written | None:
        level = parts[0] if parts else None
        return level.part if level else None

    def either(self, levels: list[_Level]) -> _Level:
        return _joined("or", levels)

    def both(self, levels: list[_Level]) -> _Level:
        return _joined("and", levels)

    def negation(self, parts: list[Any]) -> _Level:
        return _joined("not", parts[1:])

    def inside(self, levels: list[_Level]) -> _Level:
        return _Level(levels[0].part, levels[0].depth + 1)

    def comparison(self, parts: list[Any]) -> _Level:
        name, operator, value = parts
        plain = {"<>": "!=", "==": "="}.get(str(operator), str(operator))
        return _Level(Written("comparison", name, (value,), operator=plain), 0)

    def membership(self, parts: list[Any]) -> _Level:
        name, negated, *values = parts
        return _Level(Written("membership", name, tuple(values), negated=negated is not None), 0)

    def between(self, parts: list[Any]) -> _Level:
        name, negated, low, high = parts
        return _Level(Written("between", name, (low, high), negated=negated is not None), 0)

    def likeness(self, parts: list[Any]) -> _Level:
        name, negated, how, pattern = parts
        told = Written(
            "likeness", name, (pattern,), negated=negated is not None, ignore_case=how.type == "ILIKE"
        )
        return _Level(told, 0)

    def missing(self, parts: list[Any]) -> _Level:
        name, negated = parts
        return _Level(Written("missing", name, negated=negated is not None), 0)

    def name(self, tokens: list[Token]) -> Name:
        parts = tuple(_unquoted(token) for token in tokens)
        return Name(parts, _place_of(tokens[0]))

    def literal(self, tokens: list[Token]) -> Constant:
        (token,) = tokens
        return Constant(token.type, _unquoted(token), _place_of(token))

    def order(self, keys: list[OrderKey | None]) -> Sequence[OrderKey]:
        return [key for key in keys if key is not None]

    def order_key(self, parts: list[Any]) -> OrderKey:
        minus, name, direction = parts
        down = direction is not None and direction.type == "DESC"
        return OrderKey(name, down != (minus is not None))


def _joined(word: Literal["and", "or", "not"], levels: list[_Level]) -> _Level:
    return _Level(
        Joined(word, tuple(level.part for level in levels)), 1 + max(level.depth for level in levels)
    )


def _unquoted(token: Token) -> str:
    return str(token)[1:-1] if token.type in ("TEXT", "TICKED") else str(token)


def _place_of(token: Token) -> Place:
    return Place(token.start_pos or 0, token.line or 1, token.column or 1)


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR, start=["filter", "order"], parser="lalr", transformer=_Reader(), maybe_placeholders=True
    )
