"""A configuration is complete, checked, and has one hash; fields that its choices do not use are None."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import ConfigurationError, FieldFault
from core.fields import DEFAULT_LEARNING_RATES, FIELDS, Field

TASKS = ("classification", "regression")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One point of the search space, without the seed; made by `resolve`, explained by FIELDS."""

    hidden_layers: tuple[int, ...]
    activation: str | None  # None in a linear network
    output_activation: str
    loss: str
    initializer: str
    init_scale: float | None
    optimizer: str
    learning_rate: float
    momentum: float | None
    beta1: float | None
    beta2: float | None
    epsilon: float | None
    batch_size: int | str
    epochs: int
    dtype: str


def resolve(values: Mapping[str, object], *, task: str) -> Configuration:
    """Check every field, fill in the defaults and return the complete configuration.

    Raises: ConfigurationError naming all faults at once: unknown fields with the nearest name, values out of
    range, fields that the chosen optimizer, initializer or layers do not use, contradicting choices.
    """
    faults = [_unknown(name, value) for name, value in values.items() if name not in FIELDS]
    if task not in TASKS:
        faults.append(FieldFault("task", f"{task!r} is not a task", task, ", ".join(TASKS)))
    parsed: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = values.get(name)
        if value is None:  # null asks for the default
            continue
        try:
            parsed[name] = field.parse(value)
        except ValueError as error:
            faults.append(field.fault(str(error), value))
    faulty = {fault.field for fault in faults}
    faults += [
        _unused(FIELDS[name], value) for name, value in parsed.items() if not _used(name, parsed, faulty)
    ]
    complete = _with_defaults(parsed, task)
    if not faulty & {"loss", "output_activation", "task"}:
        faults += _contradictions(complete, task)
    if faults:
        raise ConfigurationError(tuple(faults))
    return Configuration(**complete)


def canonical(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values without fields that their own choices leave unused; nothing is checked or filled in.

    Inside a grid, momentum beside the optimizer sgd is no mistake, but must make no second configuration.
    """
    return {name: value for name, value in values.items() if name not in FIELDS or _used(name, values, set())}


def canonical_json(configuration: Configuration) -> str:
    """Return the configuration as JSON: unused fields removed, keys sorted, floats by repr, no spaces.

    Only used fields are written, so a field that is added later leaves the hashes of older configurations
    alone as long as it is None where it changes nothing.
    """
    used = {name: value for name, value in asdict(configuration).items() if value is not None}
    return json.dumps(used, sort_keys=True, separators=(",", ":"), allow_nan=False)


def configuration_hash(configuration: Configuration) -> str:
    """Return the hexadecimal SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(configuration).encode()).hexdigest()


def _used(name: str, values: Mapping[str, object], faulty: set[str]) -> bool:
    """Tell whether a field matters beside the others; it does if its chooser is itself faulty."""
    field = FIELDS[name]
    if field.chooser is None or field.chooser in faulty:
        return True
    choice = values.get(field.chooser)
    return field.used_with(FIELDS[field.chooser].default if choice is None else choice)


def _with_defaults(parsed: Mapping[str, Any], task: str) -> dict[str, Any]:
    complete: dict[str, Any] = {name: parsed.get(name, field.default) for name, field in FIELDS.items()}
    if complete["loss"] is None:
        complete["loss"] = "cross_entropy" if task == "classification" else "mse"
    if complete["output_activation"] is None:
        complete["output_activation"] = "softmax" if complete["loss"] == "cross_entropy" else "identity"
    if complete["learning_rate"] is None:
        complete["learning_rate"] = DEFAULT_LEARNING_RATES[complete["optimizer"]]
    return {name: value if _used(name, complete, set()) else None for name, value in complete.items()}


def _contradictions(complete: Mapping[str, Any], task: str) -> list[FieldFault]:
    faults = []
    loss, output_activation = complete["loss"], complete["output_activation"]
    if loss == "cross_entropy" and task == "regression":
        faults.append(
            FieldFault("loss", "cross_entropy needs classes, and the task is regression", loss, "mse")
        )
    if (loss == "cross_entropy") != (output_activation == "softmax"):
        allowed = "softmax" if loss == "cross_entropy" else ", ".join(FIELDS["activation"].choices)
        message = f"{output_activation} does not go with the loss {loss}"
        faults.append(FieldFault("output_activation", message, output_activation, f"{allowed}, or null"))
    return faults


def _unknown(name: str, value: object) -> FieldFault:
    nearest = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return FieldFault(name, f"there is no field {name!r}{hint}", value, ", ".join(FIELDS))


def _unused(field: Field, value: object) -> FieldFault:
    message = f"{field.name} is used only when {field.used_text}"
    return FieldFault(field.name, message, value, f"nothing here, unless {field.used_text}")
