"""What scikit-learn's searches take as a space becomes the parameters of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def grid(space: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a grid: each name with a list of values.

    Raises: TypeError for a list of grids, and for a value that is no list.
    """
    if not isinstance(space, Mapping):
        raise TypeError("param_grid is one dictionary of lists; for several grids make several searches")
    return {name: {"values": _values(name, values)} for name, values in space.items()}


def distributions(space: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a random search: lists, SciPy's frozen distributions, or the service's own.

    Raises: TypeError for a distribution that the service does not draw from.
    """
    if not isinstance(space, Mapping):
        raise TypeError("param_distributions is one dictionary")
    return {
        name: dict(given) if isinstance(given, Mapping) else _drawn(name, given)
        for name, given in space.items()
    }


def plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's numbers are numbers, tuples are lists."""
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value


def _values(name: str, values: Any) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} needs a list of values, not {values!r}")
    found = [plain(value) for value in values]
    if not found:
        raise ValueError(f"{name} needs at least one value")
    return found


def _drawn(name: str, given: Any) -> dict[str, Any]:
    kind = getattr(getattr(given, "dist", None), "name", None)
    if kind is None:
        return {"values": _values(name, given)}
    low, high = (float(end) for end in given.support())
    if kind in ("loguniform", "reciprocal"):
        return {"distribution": "log_uniform_values", "min": low, "max": high}
    if kind == "uniform":
        return {"distribution": "uniform", "min": low, "max": high}
    if kind == "randint":
        return {"distribution": "int_uniform", "min": int(low), "max": int(high)}
    raise TypeError(f"{name}: scipy.stats.{kind} is not drawn from; allowed are uniform, loguniform, randint")
