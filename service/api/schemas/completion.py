"""What may stand where somebody is writing a filter or an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field

from service.api.schemas.shape import Shape
from service.planning.query.completion import Gap, Offer


class Suggestion(Shape):
    """One text that may stand there."""

    text: str = Field(examples=["metrics.validation_loss"])
    kind: Literal["name", "operator", "word", "value"]
    detail: str = Field(description="Of a name: what its values are.", examples=["metric"])


class Completion(Shape):
    """Suggestions, the likeliest first, for the text from `start` to `end`, which one of them replaces."""

    start: int = Field(description="Offsets from 0, in characters.")
    end: int
    items: list[Suggestion] = Field(description="Empty where what stands before is wrong.")

    @classmethod
    def of(cls, gap: Gap, offers: Sequence[Offer]) -> Self:
        """The shape of what was found."""
        items = [Suggestion(text=offer.text, kind=offer.kind, detail=offer.detail) for offer in offers]
        return cls(start=gap.start, end=gap.end, items=items)
