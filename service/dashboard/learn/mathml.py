"""Formulas as the API writes them, such as `dE/dc0 = s'(c0) * dE/do0`, as MathML that a browser draws."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup, escape

TOKEN = re.compile(
    r"(?P<derivative>d(?P<of>[A-Za-z]\w*)/d(?P<to>(?:w|bias)\([^)]*\)|[A-Za-z]\w*))"
    r"|(?P<subscripted>(?P<symbol>w|bias)\((?P<place>[^)]*)\))"
    r"|(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|\.\.\.|[-+*/^()'|=<>,…]|\S)"
)
NAME = re.compile(r"([A-Za-z]+?)_?(\d+)")
GREEK = {"learning_rate": "α", "pi": "π"}
WORDS = {"new", "where", "else", "mean", "of"}
SIGNS = {"-": "−", "*": "·", "'": "′", "...": "…"}
POWERS = ("^", "**")
LONGEST = 600  # characters; whatever is longer is shown as text


class Token(NamedTuple):
    """A piece of a formula: its kind (`name`, `number`, `sign`, ...), its text and how it is drawn."""

    kind: str
    text: str
    drawn: str


class Drawn(NamedTuple):
    """A piece of MathML, and what is inside its parentheses where it is one pair of them."""

    whole: str
    inner: str | None = None

    @property
    def bare(self) -> str:
        """The piece where parentheses say nothing: above or below the bar of a fraction."""
        return self.whole if self.inner is None else f"<mrow>{self.inner}</mrow>"


def mathml(text: str) -> Markup:
    """`text` as a math element, read aloud as it is written; what is not understood is drawn as it stands."""
    drawn = _Reader(text).sequence() if len(text) <= LONGEST else f"<mtext>{escape(text)}</mtext>"
    # Every piece was escaped where it was drawn.
    return Markup('<math alttext="{}"><mrow>{}</mrow></math>').format(text, Markup(drawn))  # noqa: S704


def _tokens(text: str) -> Iterator[Token]:
    for found in TOKEN.finditer(text):
        kind, piece = str(found.lastgroup), found.group()
        if found["derivative"]:
            yield Token("atom", piece, _derivative(found["of"], found["to"]))
        elif found["subscripted"]:
            yield Token("atom", piece, _subscripted(found["symbol"], found["place"]))
        elif found["number"]:
            yield Token("atom", piece, f"<mn>{escape(piece)}</mn>")
        elif found["name"]:
            yield Token("word" if piece in WORDS else "name", piece, _name(piece))
        else:
            tight = ' lspace="0" rspace="0"' if piece == "'" else ""
            yield Token(kind, piece, f"<mo{tight}>{escape(SIGNS.get(piece, piece))}</mo>")


class _Reader:
    """Reads sums of products of powers; what stands between them (=, commas, words) is drawn as it comes."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.place = 0

    def sequence(self, end: str = "") -> str:
        pieces = []
        while (token := self._next()) and token.text != end:
            begins = token.kind in ("atom", "name") or token.text in ("(", "-", "|")
            pieces.append(self._sum().whole if begins else self._take().drawn)
        return "".join(pieces)

    def _sum(self) -> Drawn:
        drawn = self._product()
        while (token := self._next()) and token.text in ("+", "-"):
            drawn = Drawn(drawn.whole + self._take().drawn + self._product().whole)
        return drawn

    def _product(self) -> Drawn:
        drawn = self._power()
        while (token := self._next()) and token.text in ("*", "/"):
            sign = self._take()
            right = self._power()
            if sign.text == "/":
                drawn = Drawn(f"<mfrac><mrow>{drawn.bare}</mrow>{right.bare}</mfrac>")
            else:
                drawn = Drawn(drawn.whole + sign.drawn + right.whole)
        return drawn

    def _power(self) -> Drawn:
        base = self._atom()
        token = self._next()
        if token is None or token.text not in POWERS:
            return base
        self._take()
        return Drawn(f"<msup><mrow>{base.whole}</mrow>{self._power().bare}</msup>")

    def _atom(self) -> Drawn:
        if self._next() is None:
            return Drawn("<mrow></mrow>")  # nothing is half of a fraction or of a power
        token = self._take()
        if token.text == "-":
            return Drawn(f"<mrow>{token.drawn}{self._power().whole}</mrow>")
        if token.text == "(":
            return self._group(")", "(", ")")
        if token.text == "|":
            return Drawn(self._group("|", "|", "|").whole)
        if token.kind != "name":
            return Drawn(token.drawn)
        drawn = token.drawn
        if (following := self._next()) and following.text == "'":
            drawn += self._take().drawn
        if (following := self._next()) and following.text == "(":
            self._take()
            drawn = f"{drawn}{self._group(')', '(', ')').whole}"
        return Drawn(f"<mrow>{drawn}</mrow>")

    def _group(self, end: str, left: str, right: str) -> Drawn:
        inner = self.sequence(end)
        if self._next():
            self._take()
        stretched = "true" if "<mfrac>" in inner else "false"
        first, last = (f'<mo stretchy="{stretched}">{each}</mo>' for each in (left, right))
        return Drawn(f"<mrow>{first}{inner}{last}</mrow>", inner)

    def _next(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def _take(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]


def _derivative(of: str, to: str) -> str:
    below = re.fullmatch(r"(w|bias)\(([^)]*)\)", to)
    denominator = _subscripted(below[1], below[2]) if below else _name(to)
    return f"<mfrac><mrow><mo>∂</mo>{_name(of)}</mrow><mrow><mo>∂</mo>{denominator}</mrow></mfrac>"


def _subscripted(symbol: str, place: str) -> str:
    name = "b" if symbol == "bias" else symbol
    return f"<msub><mi>{name}</mi><mtext>{escape(place.replace('->', '→'))}</mtext></msub>"


def _name(name: str) -> str:
    if name in WORDS:
        return f"<mtext>\u00a0{name}\u00a0</mtext>"
    if name in GREEK:
        return f"<mi>{GREEK[name]}</mi>"
    numbered = NAME.fullmatch(name)
    if numbered:
        return f"<msub><mi>{escape(numbered[1])}</mi><mn>{numbered[2]}</mn></msub>"
    return f"<mi>{escape(name)}</mi>"
