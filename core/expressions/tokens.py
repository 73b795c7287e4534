"""A text is cut into numbers, names and operators; every token knows where it stands."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from core.expressions.errors import ExpressionError

MAX_CHARACTERS = 2_000
MAX_NAME = 64  # characters
MAX_LITERAL = 40  # characters; a float64 has 17 digits

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANK = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OPERATOR = re.compile(r"\*\*|[-+*/(),]")
# Signs that people type or paste, and what is meant by them.
_MEANT = {"^": "**", "−": "-", "–": "-", "×": "*", "·": "*", "÷": "/", "=": "a single expression", "[": "("}

Kind = Literal["number", "name", "operator", "end"]


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression; `position` counts characters from 1."""

    kind: Kind
    text: str
    position: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


def tokenize(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, the last of kind `end`.

    Raises: ExpressionError if it is too long, or holds something that is no token.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            text, MAX_CHARACTERS + 1, f"{len(text):,} characters are too many", f"at most {MAX_CHARACTERS:,}"
        )
    place = 0
    while place < len(text):
        if blank := _BLANK.match(text, place):
            place = blank.end()
            continue
        token = _token(text, place)
        yield token
        place += len(token.text)
    yield Token("end", "", len(text) + 1)


def number(text: str, token: Token) -> Fraction:
    """Return the exact number that a token of kind `number` says.

    Raises: ExpressionError if it has too many characters, or is outside the range of float64.
    """
    if len(token.text) > MAX_LITERAL:
        problem = f"a number of {len(token.text)} characters"
        raise ExpressionError(text, token.position, problem, f"at most {MAX_LITERAL}")
    nearest = float(token.text)
    if math.isinf(nearest):
        raise ExpressionError(text, token.position, f"{token} is too large", "numbers below 1.8e308")
    if nearest == 0.0:  # before Fraction, which would write out the zeros of 1e-999999999
        if re.search("[1-9]", re.split("[eE]", token.text)[0]):
            raise ExpressionError(text, token.position, f"{token} is too small", "0, or numbers from 5e-324")
        return Fraction(0)
    return Fraction(token.text)


def _token(text: str, place: int) -> Token:
    if match := _NUMBER.match(text, place):
        return Token("number", match.group(), place + 1)
    if match := NAME.match(text, place):
        if len(match.group()) > MAX_NAME:
            problem = f"a name of {len(match.group())} characters"
            raise ExpressionError(text, place + 1, problem, f"at most {MAX_NAME}")
        return Token("name", match.group(), place + 1)
    if match := _OPERATOR.match(text, place):
        return Token("operator", match.group(), place + 1)
    character = text[place]
    meant = _MEANT.get(character)
    raise ExpressionError(
        text,
        place + 1,
        f"{character!r} has no meaning",
        f"{meant} in its place" if meant else "digits, letters a to z, _ . + - * / ** ( ) and ,",
    )
