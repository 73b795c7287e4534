"""One parameter, as a submission writes it, becomes the list of values to try.

It is a constant (bare, or `{"value": v}`), a list (`{"values": [...]}`), or a distribution with the number of
values to take between its ends. Every value is checked against `core.fields`, and each fault has the path of
the value as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.fields import Field
from service.errors import Fault, InvalidSubmission
from service.planning import optuna_json
from service.planning.distributions import MAX_VALUES, Distribution, from_wandb, grid_values
from service.planning.plain_text import did_you_mean
from service.planning.strict_json import member

_WRITTEN_AS = (
    '0.1, {"value": 0.1}, {"values": [0.1, 0.2]}, {"distribution": "uniform", "min": 0, "max": 1, "count": 5}'
)
NUMERIC = ("number", "integer", "batch_size")


def read(field: Field, spec: object, path: str) -> tuple[object, ...]:
    """The values of this field in the order in which they are tried, parsed; None asks for the default.

    Raises: InvalidSubmission with every fault of this parameter.
    """
    if not isinstance(spec, dict):
        return (_parsed(field, spec, path, hint=isinstance(spec, list)),)
    if "values" in spec or spec.get("distribution") == "categorical":
        _refuse_others(spec, "values", "categorical", path)
        return listed(field, spec.get("values"), member(path, "values"))
    if "value" in spec or spec.get("distribution") == "constant":
        _refuse_others(spec, "value", "constant", path)
        return (_parsed(field, spec.get("value"), member(path, "value")),)
    if "parameters" in spec:
        raise InvalidSubmission(
            [Fault(path, "parameters cannot be nested here", None, "one level of parameters")]
        )
    if not spec:
        raise InvalidSubmission([Fault(path, "says nothing", None, _WRITTEN_AS)])
    if not optuna_json.is_optuna(spec):
        return _gridded(field, from_wandb(spec, path), path)
    read_spec = optuna_json.read(spec, path)
    return (
        _gridded(field, read_spec, path) if isinstance(read_spec, Distribution) else listed(field, *read_spec)
    )


def _refuse_others(spec: Mapping[str, object], key: str, distribution: str, path: str) -> None:
    faults = []
    for other in spec.keys() - {key, "distribution"}:
        if other == "probabilities":
            message = "a grid tries each value once, so probabilities mean nothing to it"
        elif other in ("value", "values"):
            message = "value and values cannot both be given"
        else:
            message = f"does not go with {key}{did_you_mean(other, ('value', 'values', 'distribution'))}"
        faults.append(Fault(member(path, other), message, spec[other], "nothing here"))
    if spec.get("distribution", distribution) != distribution:
        message = f"does not go with {key}"
        faults.append(Fault(member(path, "distribution"), message, spec["distribution"], distribution))
    if faults:
        raise InvalidSubmission(sorted(faults, key=lambda fault: fault.path))


def listed(field: Field, given: object, path: str) -> tuple[object, ...]:
    """The values of a list, each parsed and once; raises InvalidSubmission with every fault."""
    if not isinstance(given, list) or not given:
        message = "is empty" if given == [] else "is not a list"
        raise InvalidSubmission([Fault(path, message, given, "a list of one or more values")])
    if len(given) > MAX_VALUES:
        raise InvalidSubmission([Fault(path, f"has {len(given):,} values", None, f"at most {MAX_VALUES:,}")])
    faults: list[Fault] = []
    values: dict[object, int] = {}
    for index, value in enumerate(given):
        where = f"{path}[{index}]"
        try:
            parsed = _parsed(field, value, where)
        except InvalidSubmission as error:
            faults.extend(error.faults)
            continue
        if parsed in values:
            message = f"is the same value as values[{values[parsed]}]"
            faults.append(Fault(where, message, value, "each value once; repetition is what seeds are for"))
        values.setdefault(parsed, index)
    if faults:
        raise InvalidSubmission(faults)
    return tuple(values)


def _gridded(field: Field, asked: Distribution, path: str) -> tuple[object, ...]:
    if field.kind not in NUMERIC:
        message = f"{field.name} has no numbers to put a grid between; list the values instead"
        raise InvalidSubmission([Fault(path, message, asked.name, field.allowed)])
    values: list[object] = []
    faults: dict[str, Fault] = {}
    grid = grid_values(asked)
    ends = {0: asked.paths["low"], len(grid) - 1: asked.paths["high"]}
    for index, value in enumerate(grid):
        # 1 to 1024 in powers of two comes out as floats; an integer field may have those that are whole.
        whole = int(value) if field.kind != "number" and float(value).is_integer() else value
        try:
            values.append(_parsed(field, whole, ends.get(index, asked.paths["count"])))
        except InvalidSubmission as error:
            faults.setdefault(error.faults[0].path, error.faults[0])
    if faults:
        # What is between the ends is only told where the ends themselves are right.
        told = [fault for path, fault in faults.items() if path in ends.values()]
        raise InvalidSubmission(told or faults.values())
    return tuple(values)


def _parsed(field: Field, value: object, path: str, *, hint: bool = False) -> object:
    if value is None:
        return None
    try:
        return field.parse(value)
    except ValueError as error:
        allowed = f'{field.allowed}; values to try are written {{"values": [...]}}' if hint else field.allowed
        raise InvalidSubmission([Fault(path, str(error), value, allowed)]) from error
