"""Optuna writes a distribution as JSON in two forms, and both mean one of ours.

`{"name": "FloatDistribution", "attributes": {"low": 0.001, "high": 1, "log": true}}`, or shorter `{"type":
"float", "low": 0.001, "high": 1, "log": true}`; beside either, `count` says how many values a grid takes. The
names of before version 3 (`LogUniformDistribution` and its like) stand in older studies, and Optuna 5 still
reads them, so they are read here, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.errors import Fault, InvalidSubmission
from service.planning.distributions import Distribution
from service.planning.strict_json import member

_KINDS = {"FloatDistribution": "float", "IntDistribution": "int", "CategoricalDistribution": "categorical"}
_KEYS = {
    "float": ("low", "high", "log", "step"),
    "int": ("low", "high", "log", "step"),
    "categorical": ("choices",),
}


@dataclass(frozen=True, slots=True)
class _Older:
    """A name of before version 3: its kind, its scale, and what a step is called."""

    kind: str
    log: bool
    step: str | None

    @property
    def keys(self) -> tuple[str, ...]:
        return ("low", "high") if self.step is None else ("low", "high", self.step)


_OLDER = {
    "UniformDistribution": _Older("float", log=False, step=None),
    "LogUniformDistribution": _Older("float", log=True, step=None),
    "DiscreteUniformDistribution": _Older("float", log=False, step="q"),
    "IntUniformDistribution": _Older("int", log=False, step="step"),
    "IntLogUniformDistribution": _Older("int", log=True, step="step"),
}


@dataclass(frozen=True, slots=True)
class _Spec:
    """Either form, unwrapped: the attributes as they were written, and their path."""

    kind: str
    attributes: Mapping[str, object]
    where: str
    keys: tuple[str, ...]  # that the attributes may have
    log: object = False
    step: str = "step"  # what the step is called


def is_optuna(spec: Mapping[str, object]) -> bool:
    """Whether this is one of the two forms; our own never has a name, a type or attributes."""
    return any(key in spec for key in ("name", "type", "attributes"))


def read(spec: Mapping[str, object], path: str) -> Distribution | tuple[object, str]:
    """The distribution, or for a categorical one its choices and their path.

    Raises: InvalidSubmission for another kind, a stray key, and steps on a log scale.
    """
    found = _unwrapped(spec, path)
    outer = ("name", "attributes", "count") if "name" in spec else ("type", "count", *found.keys)
    strays = [(path, key, spec[key]) for key in spec if key not in outer]
    if found.attributes is not spec:
        strays += [
            (found.where, key, item) for key, item in found.attributes.items() if key not in found.keys
        ]
    if strays:
        allowed = ", ".join(found.keys)
        what = f"is no part of Optuna's {found.kind} distribution"
        raise InvalidSubmission([Fault(member(at, key), what, item, allowed) for at, key, item in strays])
    if found.kind == "categorical":
        return found.attributes.get("choices"), member(found.where, "choices")
    return _numeric(found, spec.get("count"), path)


def _unwrapped(spec: Mapping[str, object], path: str) -> _Spec:
    if "type" in spec and "name" not in spec:
        kind = spec["type"]
        if not isinstance(kind, str) or kind not in _KEYS:
            raise _no_distribution(path, "type", kind, _KEYS)
        return _Spec(kind, spec, path, _KEYS[kind], log=spec.get("log", False))
    name, attributes, where = spec.get("name"), spec.get("attributes"), member(path, "attributes")
    older = _OLDER.get(name) if isinstance(name, str) else None
    kind = older.kind if older else _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise _no_distribution(path, "name", name, _KINDS)
    keys = _KEYS[kind] if older is None else older.keys
    if not isinstance(attributes, dict):
        raise InvalidSubmission([Fault(where, "is not an object", attributes, ", ".join(keys))])
    if older is None:
        return _Spec(kind, attributes, where, keys, log=attributes.get("log", False))
    return _Spec(kind, attributes, where, keys, log=older.log, step=older.step or "step")


def _no_distribution(path: str, key: str, given: object, allowed: Iterable[str]) -> InvalidSubmission:
    what = "is no distribution of Optuna's"
    return InvalidSubmission([Fault(member(path, key), what, given, ", ".join(allowed))])


def _numeric(spec: _Spec, count: object, path: str) -> Distribution:
    log, step = spec.log, spec.attributes.get(spec.step)
    if not isinstance(log, bool):
        raise InvalidSubmission(
            [Fault(member(spec.where, "log"), "is not a truth value", log, "true, false")]
        )
    if log and step not in (None, 1):
        where = member(spec.where, spec.step)
        raise InvalidSubmission([Fault(where, "a log scale has no steps", step, "null")])
    if log:
        name, step = "int_log_uniform_values" if spec.kind == "int" else "log_uniform_values", None
    elif spec.kind == "int":
        name, step = "int_uniform", 1 if step is None else step
    else:
        name = "uniform" if step is None else "q_uniform"
    paths = {part: member(spec.where, part) for part in ("low", "high")}
    paths |= {"step": member(spec.where, spec.step), "count": member(path, "count")}
    return Distribution(name, spec.attributes.get("low"), spec.attributes.get("high"), count, step, paths)
