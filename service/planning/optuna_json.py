"""Optuna writes a distribution as JSON in two forms, and both mean one of ours.

`{"name": "FloatDistribution", "attributes": {"low": 0.001, "high": 1, "log": true}}`, or shorter `{"type":
"float", "low": 0.001, "high": 1, "log": true}`; beside either, `count` says how many values a grid takes.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.errors import Fault, InvalidSubmission
from service.planning.distributions import Distribution
from service.planning.strict_json import member

_KINDS = {"FloatDistribution": "float", "IntDistribution": "int", "CategoricalDistribution": "categorical"}
_KEYS = {
    "float": ("low", "high", "log", "step"),
    "int": ("low", "high", "log", "step"),
    "categorical": ("choices",),
}


def is_optuna(spec: Mapping[str, object]) -> bool:
    """Whether this is one of the two forms; our own never has a name, a type or attributes."""
    return any(key in spec for key in ("name", "type", "attributes"))


def read(spec: Mapping[str, object], path: str) -> Distribution | tuple[object, str]:
    """The distribution, or for a categorical one its choices and their path.

    Raises: InvalidSubmission for another kind, a stray key, and steps on a log scale.
    """
    kind, attributes, where = _unwrapped(spec, path)
    outer = ("name", "attributes", "count") if "name" in spec else ("type", "count", *_KEYS[kind])
    strays = [(path, key, spec[key]) for key in spec if key not in outer]
    if attributes is not spec:
        strays += [(where, key, attributes[key]) for key in attributes if key not in _KEYS[kind]]
    if strays:
        allowed = ", ".join(_KEYS[kind])
        raise InvalidSubmission(
            [
                Fault(member(at, key), f"is no part of Optuna's {kind} distribution", value, allowed)
                for at, key, value in strays
            ]
        )
    if kind == "categorical":
        return attributes.get("choices"), member(where, "choices")
    return _numeric(kind, attributes, where, spec.get("count"), path)


def _unwrapped(spec: Mapping[str, object], path: str) -> tuple[str, Mapping[str, object], str]:
    if "type" in spec and "name" not in spec:
        kind, attributes, where, key = spec["type"], spec, path, "type"
    else:
        name, key = spec.get("name"), "name"
        kind = _KINDS.get(name) if isinstance(name, str) else None
        inner, where = spec.get("attributes"), member(path, "attributes")
        if kind is not None and not isinstance(inner, dict):
            raise InvalidSubmission([Fault(where, "is not an object", inner, f"{', '.join(_KEYS[kind])}")])
        attributes = inner if isinstance(inner, dict) else {}
    if not isinstance(kind, str) or kind not in _KEYS:
        allowed = ", ".join(_KEYS if key == "type" else _KINDS)
        raise InvalidSubmission(
            [Fault(member(path, key), "is no distribution of Optuna's", spec.get(key), allowed)]
        )
    return kind, attributes, where


def _numeric(
    kind: str, attributes: Mapping[str, object], where: str, count: object, path: str
) -> Distribution:
    log, step = attributes.get("log", False), attributes.get("step")
    if not isinstance(log, bool):
        raise InvalidSubmission([Fault(member(where, "log"), "is not a truth value", log, "true, false")])
    if log and step not in (None, 1):
        raise InvalidSubmission([Fault(member(where, "step"), "a log scale has no steps", step, "null")])
    if log:
        name, step = "int_log_uniform_values" if kind == "int" else "log_uniform_values", None
    elif kind == "int":
        name, step = "int_uniform", 1 if step is None else step
    else:
        name = "uniform" if step is None else "q_uniform"
    paths = {part: member(where, part) for part in ("low", "high", "step")}
    paths["count"] = member(path, "count")
    return Distribution(name, attributes.get("low"), attributes.get("high"), count, step, paths)
