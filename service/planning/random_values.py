"""One parameter of a random search: a constant, values with their probabilities, or a distribution.

Names and meanings are those of W&B's sweep files (https://docs.wandb.ai/guides/sweeps/sweep-config-keys),
with one difference: `q_uniform` draws min, min + q, ... max alike, where W&B rounds to multiples of q and
often cannot draw the upper end. Optuna's distributions are read as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from core.fields import Field
from service.errors import Fault, InvalidSubmission
from service.planning import grids, optuna_json, parameter_values
from service.planning.distributions import Distribution
from service.planning.plain_text import did_you_mean
from service.planning.samplers import LARGEST_EXPONENT, Sampler
from service.planning.strict_json import MAX_INTEGER, member

# What each distribution takes, and of that what may be left out.
_BOUNDS = ("min", "max")
NEEDS: Mapping[str, tuple[str, ...]] = {
    "uniform": _BOUNDS,
    "int_uniform": _BOUNDS,
    "q_uniform": (*_BOUNDS, "q"),
    "log_uniform_values": _BOUNDS,
    "q_log_uniform_values": (*_BOUNDS, "q"),
    "inv_log_uniform_values": _BOUNDS,
    "log_uniform": _BOUNDS,
    "q_log_uniform": (*_BOUNDS, "q"),
    "inv_log_uniform": _BOUNDS,
    "normal": ("mu", "sigma"),
    "q_normal": ("mu", "sigma", "q"),
    "log_normal": ("mu", "sigma"),
    "q_log_normal": ("mu", "sigma", "q"),
    "beta": ("a", "b"),
    "q_beta": ("a", "b", "q"),
}
_DEFAULTS: Mapping[str, float] = {"mu": 0.0, "sigma": 1.0, "a": 1.0, "b": 1.0, "q": 1.0}
_POSITIVE = ("sigma", "a", "b", "q")
_EXPONENTS = ("log_uniform", "q_log_uniform", "inv_log_uniform")  # their bounds are exponents of e
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn for one field: one of `values`, by `weights` if there are some, or from `sampler`."""

    values: tuple[object, ...] = ()
    weights: tuple[float, ...] | None = None
    sampler: Sampler | None = None


def read(field: Field, spec: object, path: str) -> Drawn:
    """What is drawn for this field.

    Raises: InvalidSubmission with every fault of this parameter.
    """
    if isinstance(spec, dict) and ("values" in spec or spec.get("distribution") == "categorical"):
        rest = {name: value for name, value in spec.items() if name != "probabilities"}
        values = parameter_values.read(field, rest, path)
        return Drawn(values, _weights(spec, len(values), path))
    if not isinstance(spec, dict) or "value" in spec or spec.get("distribution") == "constant":
        return Drawn(parameter_values.read(field, spec, path))
    if "parameters" in spec or not spec:
        return Drawn(parameter_values.read(field, spec, path))  # which says what is wrong with it
    if not optuna_json.is_optuna(spec):
        return Drawn(sampler=_fitting(field, *_from_wandb(spec, path), path))
    if "count" in spec:
        raise InvalidSubmission([_no_count(spec["count"], path)])
    found = optuna_json.read(spec, path)
    if isinstance(found, Distribution):
        return Drawn(sampler=_fitting(field, *_from_optuna(found, path), path))
    return Drawn(parameter_values.listed(field, *found))


def parsed(field: Field, value: float) -> object:
    """A drawn value as `core.fields` reads it.

    Raises: ValueError if it may not stand there.
    """
    whole = int(value) if field.kind != "number" and float(value).is_integer() else value
    return field.parse(whole)


def _weights(spec: Mapping[str, object], count: int, path: str) -> tuple[float, ...] | None:
    given = spec.get("probabilities")
    if given is None:
        return None
    where = member(path, "probabilities")
    allowed = f"a list of {count} numbers of at least 0 that add up to 1"
    if not isinstance(given, list) or len(given) != count:
        message = f"are {len(given)} for {count} values" if isinstance(given, list) else "is not a list"
        raise InvalidSubmission([Fault(where, message, given, allowed)])
    wrong = [index for index, each in enumerate(given) if not _is_number(each) or not each >= 0]
    if wrong:
        message = "is no probability"
        raise InvalidSubmission([Fault(f"{where}[{i}]", message, given[i], allowed) for i in wrong])
    total = math.fsum(given)
    if not math.isclose(total, 1.0, rel_tol=1e-6):
        raise InvalidSubmission([Fault(where, f"add up to {total:.12g}, not to 1", given, allowed)])
    return tuple(float(each) for each in given)


_Asked = tuple[str, Mapping[str, object], Mapping[str, str]]  # name, numbers, and the path of each


def _from_wandb(spec: Mapping[str, object], path: str) -> _Asked:
    name = spec.get("distribution")
    if name is None:
        whole = all(_is_number(spec.get(key)) and isinstance(spec.get(key), int) for key in _BOUNDS)
        name = "int_uniform" if whole else "uniform"
    if not isinstance(name, str) or name not in NEEDS:
        hint = did_you_mean(str(name), (*NEEDS, "categorical", "constant"))
        message = f"{str(name)[:100]!r} is not a distribution{hint}"
        raise InvalidSubmission([Fault(member(path, "distribution"), message, name, ", ".join(NEEDS))])
    faults = [
        _stray(name, key, spec[key], path) for key in spec if key != "distribution" and key not in NEEDS[name]
    ]
    if faults:
        raise InvalidSubmission(faults)
    return name, {key: spec.get(key) for key in NEEDS[name]}, {key: member(path, key) for key in NEEDS[name]}


def _from_optuna(asked: Distribution, path: str) -> _Asked:
    numbers: dict[str, object] = {"min": asked.low, "max": asked.high}
    paths = {"min": asked.paths["low"], "max": asked.paths["high"], "q": asked.paths.get("step", path)}
    if asked.name not in ("int_uniform", "q_uniform"):
        return asked.name, numbers, paths
    return asked.name, {**numbers, "q": asked.step}, paths


def _stray(name: str, key: str, value: object, path: str) -> Fault:
    if key == "count":
        return _no_count(value, path)
    keys = ("distribution", *NEEDS[name])
    hint = did_you_mean(key, (*keys, "value", "values", "probabilities"))
    message = f"does not belong to the distribution {name}{hint}"
    return Fault(member(path, key), message, value, ", ".join(keys))


def _no_count(value: object, path: str) -> Fault:
    message = "belongs to grids; run_cap says how many configurations a random search draws"
    return Fault(member(path, "count"), message, value, "nothing here")


def _fitting(
    field: Field, name: str, given: Mapping[str, object], paths: Mapping[str, str], path: str
) -> Sampler:
    """The sampler, once it is known that it draws something, and what the field may hold."""
    if field.kind not in parameter_values.NUMERIC:
        message = f"{field.name} has no numbers to draw from; list the values instead"
        raise InvalidSubmission([Fault(path, message, name, field.allowed)])
    sampler = _sampler(name, _numbers(name, given, paths), paths)
    if field.kind != "number" and not sampler.whole:
        message = f"{field.name} takes whole numbers, and {name} draws others"
        allowed = "int_uniform, q_log_uniform_values with a whole q, or a list of values"
        raise InvalidSubmission([Fault(member(path, "distribution"), message, name, allowed)])
    faults = []
    for key, end in zip(_BOUNDS, sampler.ends or (), strict=False):
        try:
            parsed(field, end)
        except ValueError as error:
            faults.append(Fault(paths[key], str(error), given[key], field.allowed))
    if faults:
        raise InvalidSubmission(faults)
    return sampler


def _numbers(name: str, given: Mapping[str, object], paths: Mapping[str, str]) -> dict[str, float]:
    numbers, faults = {}, []
    for key, sent in given.items():
        value = _DEFAULTS.get(key) if sent is None else sent
        if not _is_number(value) or not abs(value) <= _LARGEST:
            message = "is missing" if value is None else "is not a number"
            faults.append(Fault(paths[key], message, value, "a finite number"))
        elif key in _POSITIVE and value <= 0:
            faults.append(Fault(paths[key], "is not above 0", value, "a positive number"))
        elif key in _BOUNDS and name == "int_uniform" and not float(value).is_integer():
            faults.append(
                Fault(paths[key], "int_uniform runs between whole numbers", value, "a whole number")
            )
        elif key in _BOUNDS and name in _EXPONENTS and abs(value) > LARGEST_EXPONENT:
            message = f"{name} takes exponents of e, and exp({value}) is no usable number"
            faults.append(Fault(paths[key], message, value, f"-700 to 700, or {name}_values"))
        else:
            numbers[key] = float(value)
    if faults:
        raise InvalidSubmission(faults)
    return numbers


def _sampler(name: str, numbers: dict[str, float], paths: Mapping[str, str]) -> Sampler:
    if "min" in numbers and numbers["min"] >= numbers["max"]:
        message = "the upper end must be above the lower one"
        allowed = f"above {numbers['min']:g}, or a single value as a constant"
        raise InvalidSubmission([Fault(paths["max"], message, numbers["max"], allowed)])
    if name in _EXPONENTS:
        low, high = numbers["min"], numbers["max"]
        if name == "inv_log_uniform":  # log(1 / X) is even between them
            low, high = -high, -low
        numbers |= {"min": grids.rounded(math.exp(low)), "max": grids.rounded(math.exp(high))}
        name = "q_log_uniform_values" if name == "q_log_uniform" else "log_uniform_values"
    if name == "inv_log_uniform_values":  # where log(1 / X) is even, log(X) is
        name = "log_uniform_values"
    if name == "int_uniform":
        name, numbers = "q_uniform", {"q": 1.0, **numbers}
    if "log_uniform" in name and numbers["min"] <= 0:
        message = "a logarithm is even only above 0"
        raise InvalidSubmission([Fault(paths["min"], message, numbers["min"], "a positive number")])
    if name == "q_uniform":
        _require_whole_steps(numbers, paths)
    if name == "q_log_uniform_values":
        _require_a_multiple(numbers, paths)
    return Sampler(name, numbers)


def _require_whole_steps(numbers: Mapping[str, float], paths: Mapping[str, str]) -> None:
    low, high, step = numbers["min"], numbers["max"], numbers["q"]
    steps = grids.steps_between(low, high, step)
    if steps.denominator != 1:
        below = float(high - (steps % 1) * step)
        message = (
            f"{high:g} is not a whole number of steps of {step:g} above {low:g}, so it cannot be a value"
        )
        raise InvalidSubmission([Fault(paths["max"], message, high, f"{below:.12g}, for instance")])
    if steps > MAX_INTEGER:
        raise _too_many_steps(step, paths)


def _require_a_multiple(numbers: Mapping[str, float], paths: Mapping[str, str]) -> None:
    low, high, step = numbers["min"], numbers["max"], numbers["q"]
    if not math.isfinite(high / step):
        raise _too_many_steps(step, paths)
    if math.ceil(low / step) > math.floor(high / step):
        message = "has no multiple between min and max"
        raise InvalidSubmission([Fault(paths["q"], message, step, "a smaller step")])


def _too_many_steps(step: float, paths: Mapping[str, str]) -> InvalidSubmission:
    if "q" in paths:
        return InvalidSubmission([Fault(paths["q"], "makes too many steps", step, "a larger step")])
    return InvalidSubmission([Fault(paths["max"], "makes too many steps", None, "a smaller range")])


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
