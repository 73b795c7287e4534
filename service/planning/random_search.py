"""A random search draws its points at submit, from one stream of numbers for each parameter.

So what a draw holds of a parameter depends on the search seed, the draw's number and the parameter's name
alone: another parameter beside it, or more draws after it, change nothing. (Bergstra and Bengio 2012 say why
to draw at all.)
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from core.fields import FIELDS
from core.streams import Stream, generator
from service.errors import Fault, InvalidSubmission
from service.planning.random_values import parsed
from service.planning.samplers import Sampler
from service.planning.space import Axis


@dataclass(frozen=True, slots=True)
class RandomSearch:
    """How many points are drawn, and from which seed."""

    draws: int
    seed: int

    def points(self, axes: Sequence[Axis]) -> Iterator[Mapping[str, object]]:
        """Every point in the order of its draw: field names to values as `core.fields` parses them.

        Raises: InvalidSubmission for a value that its field may not hold, which a distribution without ends
        can draw.
        """
        columns = [(axis.field, self._column(axis)) for axis in axes]
        return ({field: column[draw] for field, column in columns} for draw in range(self.draws))

    def _column(self, axis: Axis) -> Sequence[object]:
        if len(axis.values) == 1:
            return list(axis.values) * self.draws
        even = generator(self.seed, Stream.SEARCH, layer=_place(axis.field)).random(self.draws).tolist()
        if axis.sampler is None:
            return _chosen(axis, even)
        return [_drawn(axis, axis.sampler, draw, each) for draw, each in enumerate(even, start=1)]


def _place(field: str) -> int:
    """A number for each name, the same for ever."""
    return int.from_bytes(hashlib.sha256(field.encode()).digest()[:4], "big")


def _chosen(axis: Axis, even: Sequence[float]) -> list[object]:
    bounds = list(accumulate(axis.weights or (1.0,) * len(axis.values)))
    # A value without weight is never chosen: its bound is the one before it, and what is drawn is not below.
    last = bounds.index(bounds[-1])
    return [axis.values[min(bisect_right(bounds, each * bounds[-1]), last)] for each in even]


def _drawn(axis: Axis, sampler: Sampler, draw: int, even: float) -> object:
    value, field = sampler.value(even), FIELDS[axis.field]
    try:
        return parsed(field, value)
    except ValueError as error:
        message = f"draw {draw} of {sampler.name}: {error}"
        raise InvalidSubmission([Fault(axis.path, message, value, field.allowed)]) from error
