"""A mistake in an expression is answered with its place, what is wrong there, and what is allowed."""

from __future__ import annotations

from core.errors import CoreError

SHOWN = 24  # characters of the expression shown on either side of a mistake


class ExpressionError(CoreError):
    """A text that is no expression; `position` counts characters from 1 and may be one past the end."""

    def __init__(self, text: str, position: int, problem: str, allowed: str) -> None:
        self.text = text
        self.position = position
        self.problem = problem
        self.allowed = allowed
        super().__init__(f"{problem} at character {position} ({self._place()}); allowed: {allowed}")

    @property
    def excerpt(self) -> str:
        """The text around the mistake, and below it a caret that points at it, in two lines."""
        start = max(0, self.position - 1 - SHOWN)
        shown = "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
            for character in self.text[start : self.position - 1 + SHOWN]
        )
        return f"{shown}\n{' ' * (self.position - 1 - start)}^"

    def _place(self) -> str:
        here = self.position - 1
        if here >= len(self.text):
            return "its end"
        cut = "…" if len(self.text) > here + SHOWN else ""
        return f"before {self.text[here : here + SHOWN]!r}{cut}"
