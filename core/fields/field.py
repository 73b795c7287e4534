"""A field says what one setting of a configuration may hold, what it holds by default, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from core.errors import FieldFault
from core.fields.choices import INITIALIZER_ALIASES

MAX_LAYERS = 16
MAX_WIDTH = 65_536

Kind = Literal["choice", "number", "integer", "flag", "layers", "batch_size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one field of a configuration may hold, and why."""

    name: str
    kind: Kind
    text: str  # the convention and its source, shown to people as it stands
    default: object  # None: the field is off, or its default follows from other fields, as `text` says
    default_by: tuple[str, Mapping[str, object]] | None = None  # a field, and defaults for some of its values
    neutral: object = None  # the value that changes nothing, also what an unused field holds
    choices: tuple[str, ...] = ()
    minimum: float = -math.inf
    maximum: float = math.inf
    open_minimum: bool = False  # the minimum itself is refused
    open_maximum: bool = False  # the maximum itself is refused
    chooser: str | None = None  # the field whose value decides whether this one is used at all
    used_with: Callable[[object], bool] = lambda _: True
    used_text: str = ""
    free: bool = False  # runs that differ only here may train in one population
    switch: bool = False  # free, but runs that have it off (neutral) and runs that have it on train apart

    @property
    def allowed(self) -> str:
        """What the field may hold, in words."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "flag":
            return "true, false"
        if self.kind == "layers":
            return (
                f"a list of at most {MAX_LAYERS} whole numbers from 1 to {MAX_WIDTH}; [] is a linear network"
            )
        if self.kind == "batch_size":
            return f'a whole number from 1 to {self.maximum:,.0f}, or "full"'
        if self.kind == "integer":
            return f"a whole number from {self.minimum:,.0f} to {self.maximum:,.0f}"
        lower = f"{'above' if self.open_minimum else 'at least'} {self.minimum:g}"
        upper = f"{'below' if self.open_maximum else 'at most'} {self.maximum:g}"
        return f"a finite number {lower} and {upper}"

    def default_beside(self, values: Mapping[str, object]) -> object:
        """Return the default where the other fields hold `values`."""
        if self.default_by is None:
            return self.default
        field, defaults = self.default_by
        chosen = values.get(field)
        return defaults.get(chosen, self.default) if isinstance(chosen, str) else self.default

    def parse(self, value: object) -> object:
        """Return the value in the type that the core uses.

        Raises: ValueError if it may not stand here; the message leaves field and allowed values to `fault`.
        """
        if self.kind == "choice":
            return self._parse_choice(value)
        if self.kind == "flag":
            return _parse_flag(value)
        if self.kind == "layers":
            return _parse_layers(value)
        if self.kind == "batch_size" and value == "full":
            return "full"
        if self.kind in {"integer", "batch_size"}:
            return _parse_integer(value, int(self.minimum), int(self.maximum))
        return self._parse_number(value)

    def fault(self, message: str, value: object) -> FieldFault:
        """Return a fault of this field, with what is allowed beside it."""
        return FieldFault(self.name, message, value, self.allowed)

    def _parse_choice(self, value: object) -> str:
        name = INITIALIZER_ALIASES.get(value, value) if isinstance(value, str) else value
        if not isinstance(name, str) or name not in self.choices:
            raise ValueError(f"{_shown(value)} is not one of the choices")
        return name

    def _parse_number(self, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{_shown(value)} is not a number")  # noqa: TRY004 one kind for callers
        try:
            number = float(value) + 0.0  # -0.0 and 0.0 are one configuration
        except OverflowError:
            raise ValueError(f"{_shown(value)} is out of range") from None
        if not math.isfinite(number):
            raise ValueError(f"{_shown(value)} is not finite")
        below = number <= self.minimum if self.open_minimum else number < self.minimum
        above = number >= self.maximum if self.open_maximum else number > self.maximum
        if below or above:
            raise ValueError(f"{_shown(value)} is out of range")
        return number


def _parse_integer(value: object, minimum: int, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{_shown(value)} is not a whole number")  # noqa: TRY004 one kind for callers
    if not minimum <= value <= maximum:
        raise ValueError(f"{_shown(value)} is out of range")
    return int(value)


def _parse_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither true nor false")  # noqa: TRY004 one kind for callers
    return value


def _parse_layers(value: object) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{_shown(value)} is not a list")  # noqa: TRY004 one kind for callers
    if len(value) > MAX_LAYERS:
        raise ValueError(f"{len(value)} layers are too many")
    return tuple(_parse_integer(width, 1, MAX_WIDTH) for width in value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"


def among(*names: str) -> Callable[[object], bool]:
    """Return the test whether a choice is one of these."""
    return lambda choice: choice in names


def not_among(*names: str) -> Callable[[object], bool]:
    """Return the test whether a choice is none of these."""
    return lambda choice: choice not in names
