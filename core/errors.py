"""Every error of the core is a CoreError that says what was wrong, with which value, and what is allowed."""

from __future__ import annotations

from dataclasses import dataclass


class CoreError(Exception):
    """Base of every error that the core raises on purpose."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One thing wrong with one field of a configuration."""

    field: str
    message: str
    value: object = None
    allowed: str | None = None


class ConfigurationError(CoreError):
    """A configuration that cannot be trained; `faults` names every fault, not only the first."""

    def __init__(self, faults: tuple[FieldFault, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(map(_told, faults)))


def _told(fault: FieldFault) -> str:
    allowed = "" if fault.allowed is None else f" (allowed: {fault.allowed})"
    return f"{fault.field}: {fault.message}{allowed}"


class ShapeError(CoreError):
    """Arrays or members that do not fit together."""


class DataError(CoreError):
    """Examples or stored bytes that cannot be used as they are."""
