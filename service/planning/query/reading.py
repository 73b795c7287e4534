"""A filter or an order in words becomes one that the store understands, or mistakes with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import Fault, InvalidSubmission
from service.planning.query.grammar import (
    Constant,
    Joined,
    Name,
    Written,
    fault_at,
    parse_filter,
    parse_order,
)
from service.planning.query.tree import (
    NON_FINITE,
    And,
    Between,
    Comparison,
    Condition,
    Kind,
    Likeness,
    Membership,
    Missing,
    Not,
    Operator,
    Or,
    Quantity,
    Tree,
    Value,
)
from service.planning.query.values import Refused, words_of
from service.planning.query.vocabulary import OF_RUNS, TEST_METRICS, Unknown, Vocabulary

MOST_ORDER_KEYS = 5
OPERATORS: dict[str, Operator] = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
ORDERED: frozenset[Kind] = frozenset({"metric", "number", "instant"})
TEXTS: frozenset[Kind] = frozenset({"text", "word", "layers"})


@dataclass(frozen=True, slots=True)
class OrderBy:
    """One key of an order."""

    quantity: Quantity
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.quantity}"


def read_filter(
    text: str, vocabulary: Vocabulary = OF_RUNS, *, reveal_test: bool = False, path: str = "filter"
) -> Tree | None:
    """The tree of a filter; None where it lets everything through.

    Raises:
        InvalidSubmission: with every mistake and its place.
    """
    written = parse_filter(text, path)
    if written is None:
        return None
    reader = _Reader(vocabulary, path, reveal_test=reveal_test)
    tree = reader.tree(written)
    if reader.faults or tree is None:
        raise InvalidSubmission(reader.faults)
    return tree


def read_order(
    text: str, vocabulary: Vocabulary = OF_RUNS, *, reveal_test: bool = False, path: str = "order_by"
) -> Sequence[OrderBy]:
    """The keys of an order, as `metrics.validation_loss DESC, number` or `-validation_loss, number`.

    Raises:
        InvalidSubmission: with every mistake and its place.
    """
    reader = _Reader(vocabulary, path, reveal_test=reveal_test)
    keys = []
    for key in parse_order(text, path):
        quantity = reader.quantity(key.name)
        if quantity and quantity.kind == "flag":
            reader.refuse(key.name, f"{quantity} has no order")
        elif quantity:
            keys.append(OrderBy(quantity, key.descending))
    if len(keys) > MOST_ORDER_KEYS:
        reader.faults.append(Fault(path, f"has {len(keys)} keys", text, f"at most {MOST_ORDER_KEYS}"))
    if reader.faults:
        raise InvalidSubmission(reader.faults)
    return keys


class _Reader:
    """Goes through what was written and keeps what is wrong."""

    def __init__(self, vocabulary: Vocabulary, path: str, *, reveal_test: bool) -> None:
        self.faults: list[Fault] = []
        self._vocabulary, self._path, self._reveal_test = vocabulary, path, reveal_test

    def tree(self, written: Joined | Written) -> Tree | None:
        if isinstance(written, Written):
            quantity = self.quantity(written.name)
            return self._condition(written, quantity) if quantity else None
        parts = [self.tree(part) for part in written.parts]
        found = tuple(part for part in parts if part is not None)
        if len(found) < len(parts):
            return None
        if written.word == "not":
            return Not(found[0])
        return And(found) if written.word == "and" else Or(found)

    def quantity(self, name: Name) -> Quantity | None:
        try:
            found = self._vocabulary.quantity(name.parts)
        except Unknown as error:
            hint = f"; did you mean {error.hint!r}?" if error.hint else ""
            self.refuse(name, f"{error}{hint}", error.allowed)
            return None
        if found.group == "metrics" and found.name in TEST_METRICS and not self._reveal_test:
            said = f"{found.name} is a test metric: what is chosen by it is no test any more"
            self.refuse(
                name, said, "validation metrics; with reveal_test=true, which is counted, this one too"
            )
            return None
        return found

    def refuse(self, at: Name | Constant, message: str, allowed: str | None = None) -> None:
        value = str(at) if isinstance(at, Name) else at.text
        self.faults.append(fault_at(self._path, at.place, message, value, allowed))

    def _condition(self, written: Written, quantity: Quantity) -> Condition | None:
        if written.word == "missing":
            return Missing(quantity, written.negated)
        if written.word == "likeness":
            return self._likeness(written, quantity)
        if written.word == "comparison":
            return self._comparison(written, quantity)
        values = self._values(written.values, quantity)
        if values is None:
            return None
        if written.word == "membership":
            return Membership(quantity, values, written.negated)
        if not self._has_order(written, quantity, "between"):
            return None
        low, high = values
        return Between(quantity, low, high, written.negated)

    def _comparison(self, written: Written, quantity: Quantity) -> Condition | None:
        operator = OPERATORS[written.operator]
        values = self._values(written.values, quantity)
        if values is None:
            return None
        if operator not in ("=", "!="):
            return (
                Comparison(quantity, operator, values[0])
                if self._has_order(written, quantity, operator)
                else None
            )
        if len(values) == 1:
            return Comparison(quantity, operator, values[0])
        return Membership(quantity, values, negated=operator == "!=")

    def _likeness(self, written: Written, quantity: Quantity) -> Condition | None:
        (pattern,) = written.values
        if quantity.kind not in TEXTS:
            self.refuse(
                written.name, f"{quantity} is no text, which like is for", "= != < <= > >= in between is"
            )
        elif pattern.kind != "TEXT":
            self.refuse(pattern, "a pattern is text in quotes", f"'{pattern.text}'")
        else:
            return Likeness(quantity, pattern.text, written.ignore_case, written.negated)
        return None

    def _has_order(self, written: Written, quantity: Quantity, operator: str) -> bool:
        if quantity.kind not in ORDERED and quantity.kind != "batch_size":
            self.refuse(written.name, f"{quantity} has no order, which {operator} needs", "= != in like is")
            return False
        for constant in written.values:
            if constant.text in (*NON_FINITE, "full"):
                self.refuse(
                    constant, f"{constant.text} stands in no order, which {operator} needs", "= != in"
                )
                return False
        return True

    def _values(self, constants: Sequence[Constant], quantity: Quantity) -> tuple[Value, ...] | None:
        found: list[Value] = []
        faults = len(self.faults)
        for constant in constants:
            try:
                found += words_of(constant, quantity)
            except Refused as error:
                self.refuse(constant, str(error), error.allowed)
        return tuple(found) if len(self.faults) == faults else None
