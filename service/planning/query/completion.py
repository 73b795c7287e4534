"""What may stand at a place in a filter or an order that is being written: names, words and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from lark.exceptions import UnexpectedInput

from service.planning.query.grammar import KEYWORDS, Name, written_so_far
from service.planning.query.tree import Kind, Quantity
from service.planning.query.vocabulary import Unknown, Vocabulary
from service.planning.query.writing import quoted, tag_name

MOST_OFFERS = 50
TAG_GROUPS = ("tags.", "tag.")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
UNORDERED = ("=", "!=")
SYMBOLS = {"LPAR": "(", "RPAR": ")", "COMMA": ","}

OfferKind = Literal["name", "operator", "word", "value"]
Language = Literal["filter", "order"]

KIND_WORDS: dict[Kind, str] = {
    "metric": "metric",
    "number": "number",
    "text": "text",
    "word": "one of a few words",
    "instant": "time",
    "flag": "true or false",
    "layers": "list of widths",
    "batch_size": "number or 'full'",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """One text that may stand there, and what it is."""

    text: str
    kind: OfferKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """The place that is written at: from `start` to `end` something has begun, which an offer replaces.

    `quantity` is what a value would be compared with; `tags` says that the name of a tag has begun.
    """

    start: int
    end: int
    begun: str
    accepted: frozenset[str] = frozenset()
    quantity: Quantity | None = None
    tags: bool = False


def gap_at(text: str, at: int, vocabulary: Vocabulary, language: Language = "filter") -> Gap:
    """The gap at the offset `at` of `text`; nothing is accepted where what stands before is wrong."""
    start, end = _begun(text, min(at, len(text)))
    begun = text[start : min(at, len(text))]
    try:
        accepted, values = written_so_far(text[:start], language)
    except UnexpectedInput:
        return Gap(start, end, begun)
    tags = _wants_name(accepted) and begun.startswith(TAG_GROUPS)
    return Gap(start, end, begun, accepted, _quantity(accepted, values, vocabulary), tags)


def offers(gap: Gap, vocabulary: Vocabulary, existing: Iterable[object] = ()) -> Sequence[Offer]:
    """At most `MOST_OFFERS` texts that may stand in the gap, the likeliest first.

    `existing` are the values of its quantity that there are, or the names of tags.
    """
    wanted = gap.begun.lstrip("'\"`").lower()
    ranked = (
        (rank, place, offer)
        for place, offer in enumerate(_all(gap, vocabulary, existing))
        if (rank := _rank(offer.text.strip("'\"").lower(), wanted)) is not None
    )
    return [offer for *_, offer in sorted(ranked, key=lambda each: each[:2])][:MOST_OFFERS]


def _begun(text: str, at: int) -> tuple[int, int]:
    """Where the word or the quoted text around `at` begins and ends."""
    quote, opened = "", 0
    for place, character in enumerate(text[:at]):
        if character == quote:
            quote = ""
        elif not quote and character in "'\"`":
            quote, opened = character, place
    if quote:
        closed = text.find(quote, at)
        return opened, closed + 1 if closed >= 0 else len(text)
    found = re.search(r"([^\W\d][\w./-]*|[+-]?[.\d][\w.+-]*|[<>=!]+)$", text[:at])
    start = found.start() if found else at
    signs = start < at and text[start] in "<>=!"
    rest = re.match(r"[<>=!]*" if signs else r"[\w./-]*", text[at:])
    return start, at + (rest.end() if rest else 0)


def _all(gap: Gap, vocabulary: Vocabulary, existing: Iterable[object]) -> Iterator[Offer]:
    if gap.quantity is not None:
        yield from _values(gap.quantity, gap.begun[:1], existing)
    elif _wants_name(gap.accepted):
        if gap.tags:
            written = (tag_name(str(name)) for name in existing)
            yield from (Offer(name, "name", "tag") for name in written if name)
        else:
            yield from _names(vocabulary)
    if "OPERATOR" in gap.accepted:
        yield from (Offer(sign, "operator") for sign in OPERATORS)
    for word in KEYWORDS:
        if {word.upper(), f"_{word.upper()}"} & gap.accepted:
            yield Offer(word, "word")
    for name, sign in SYMBOLS.items():
        if name in gap.accepted:
            yield Offer(sign, "word")


def _names(vocabulary: Vocabulary) -> Iterator[Offer]:
    for name in vocabulary.full_names():
        quantity = vocabulary.quantity(tuple(name.split(".")))
        yield Offer(name, "name", KIND_WORDS[quantity.kind])
    yield Offer("tags.", "name", "tag")


def _values(quantity: Quantity, quote: str, existing: Iterable[object]) -> Iterator[Offer]:
    if quantity.kind == "flag":
        yield from (Offer(word, "value") for word in ("true", "false"))
    for value in quantity.choices or existing:
        if isinstance(value, bool) or value is None:
            continue
        if isinstance(value, int | float) and quantity.kind in ("number", "batch_size"):
            yield Offer(repr(value), "value")
        elif (written := quoted(str(value), quote)) is not None:
            yield Offer(written, "value")


def _quantity(accepted: frozenset[str], values: Sequence[object], vocabulary: Vocabulary) -> Quantity | None:
    if "NUMBER" not in accepted:
        return None
    name = next((value for value in reversed(values) if isinstance(value, Name)), None)
    try:
        return vocabulary.quantity(name.parts) if name else None
    except Unknown:
        return None


def _wants_name(accepted: frozenset[str]) -> bool:
    return "WORD" in accepted and "NUMBER" not in accepted


def _rank(text: str, wanted: str) -> int | None:
    """0 where the text begins with what is wanted, 1 where a part of its name does, 2 where it holds it."""
    if text.startswith(wanted):
        return 0
    if any(part.startswith(wanted) for part in re.split(r"[._]", text)):
        return 1
    return 2 if wanted in text else None
