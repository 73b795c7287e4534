"""What is written in a filter becomes a value of the quantity that it is compared with, or is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from service.planning.plain_text import did_you_mean
from service.planning.query.grammar import Constant
from service.planning.query.tree import NON_FINITE, Quantity, Value
from service.planning.strict_json import MAX_INTEGER

# Which of our states MLflow's stand for; they are written in capitals, ours never are.
MLFLOW_STATUSES: Mapping[str, tuple[str, ...]] = {
    "SCHEDULED": ("queued",),
    "RUNNING": ("running",),
    "FINISHED": ("completed", "pruned"),
    "FAILED": ("failed", "diverged"),
    "KILLED": ("canceled",),
}
_MOST_MILLISECONDS = 253_402_300_799_999  # the end of the year 9999
_INTEGER = re.compile(r"[+-]?\d{1,16}")


class Refused(Exception):
    """This is no value of the quantity; `allowed` says what is."""

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


def value_of(constant: Constant, quantity: Quantity) -> Value:
    """The value that the constant stands for beside this quantity; an instant is in milliseconds since 1970.

    Raises:
        Refused: it stands for none.
    """
    kind = quantity.kind
    if kind == "metric":
        return _metric(constant, quantity)
    if kind == "number":
        return _number(constant, quantity, "a number")
    if kind == "batch_size":
        text = constant.text
        return "full" if text == "full" else _number(constant, quantity, "a number or 'full'")
    if kind == "instant":
        return _instant(constant, quantity)
    if kind == "flag":
        return _flag(constant, quantity)
    if kind == "layers":
        return _layers(constant, quantity)
    return _word(constant, quantity) if kind == "word" else _text(constant, quantity)


def words_of(constant: Constant, quantity: Quantity) -> tuple[Value, ...]:
    """The values that a constant stands for where several may be meant: MLflow's states are several of ours.

    Raises:
        Refused: it stands for none.
    """
    if quantity.name == "state" and quantity.kind == "word" and constant.text in MLFLOW_STATUSES:
        return tuple(word for word in MLFLOW_STATUSES[constant.text] if word in quantity.choices)
    return (value_of(constant, quantity),)


def _metric(constant: Constant, quantity: Quantity) -> Value:
    for word in NON_FINITE:
        if constant.text.lower().removeprefix("+") == word.lower():
            return word
    return _number(constant, quantity, f"a number, or one of {', '.join(map(repr, NON_FINITE))}")


def _number(constant: Constant, quantity: Quantity, allowed: str) -> int | float:
    text = constant.text.strip()
    if _INTEGER.fullmatch(text) and abs(int(text)) <= MAX_INTEGER:
        return int(text)
    try:
        value = float(text) if "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise Refused(f"{quantity} is a number, {constant.text!r} is none", allowed)
    if math.isinf(value):
        raise Refused(f"{constant.text} is no float64", "a number between -1.8e308 and 1.8e308")
    return value


def _instant(constant: Constant, quantity: Quantity) -> int:
    allowed = "an ISO date or time such as '2026-11-01' or '2026-11-01T12:00:00Z', or milliseconds since 1970"
    text = constant.text.strip()
    if constant.kind == "NUMBER" or text.isdecimal():
        value = _number(constant, quantity, allowed)
        if not 0 <= value <= _MOST_MILLISECONDS:
            raise Refused(f"{constant.text} milliseconds are no time before the year 10000", allowed)
        return int(value)
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{quantity} is a time, {constant.text!r} is none", allowed) from None
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _flag(constant: Constant, quantity: Quantity) -> bool:
    found = {"true": True, "false": False}.get(constant.text.lower())
    if found is None:
        raise Refused(f"{quantity} is true or false, not {constant.text!r}", "true, false")
    return found


def _layers(constant: Constant, quantity: Quantity) -> str:
    try:
        found = json.loads(constant.text) if constant.kind == "TEXT" else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(type(width) is int for width in found):
        raise Refused(
            f"{quantity} is a list of widths, {constant.text!r} is none", "such as '[64, 32]' or '[]'"
        )
    return json.dumps(found, separators=(",", ":"))


def _word(constant: Constant, quantity: Quantity) -> str:
    text = _text(constant, quantity)
    if text not in quantity.choices:
        hint = did_you_mean(text, quantity.choices)
        raise Refused(f"{text!r} is no {quantity.name}{hint}", ", ".join(quantity.choices))
    return text


def _text(constant: Constant, quantity: Quantity) -> str:
    if constant.kind != "TEXT":
        raise Refused(f"{quantity} is text, which stands in quotes", f"'{constant.text}'")
    return constant.text
