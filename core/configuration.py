"""A configuration is complete, checked, and has one hash; fields that its choices do not use are None."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import Any

from core.contradictions import contradictions
from core.errors import ConfigurationError, FieldFault
from core.fields import FIELDS, FUSED, RANGE_TEST, Field

TASKS = ("classification", "regression")
# Schedules in which every learning rate depends on how many epochs there are to be.
BOUND_TO_EPOCHS = ("cosine", "linear", "one_cycle", RANGE_TEST)


class _HashedOnce:
    """Remembers its hash: a plan of many runs looks each configuration up again and again."""

    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration(_HashedOnce):
    """One point of the search space, without the seed; made by `resolve`, explained by FIELDS."""

    hidden_layers: tuple[int, ...]
    activation: str | None  # None in a linear network
    output_activation: str
    loss: str
    initializer: str
    init_scale: float | None
    init_biases: bool = False
    optimizer: str
    learning_rate: float
    learning_rate_schedule: str = "constant"
    warmup_epochs: float = 0.0
    step_size: int | None = None
    gamma: float | None = None
    end_factor: float | None = None
    pct_start: float | None = None
    div_factor: float | None = None
    final_div_factor: float | None = None
    momentum: float | None
    beta1: float | None
    beta2: float | None
    epsilon: float | None
    decay: float | None = None
    eta_plus: float | None = None
    eta_minus: float | None = None
    step_max: float | None = None
    step_min: float | None = None
    initial_step_max: float | None = None
    batch_size: int | str
    epochs: int
    l1: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    dropout: float = 0.0
    gradient_clip: float | None = None
    class_weight: str | None = None
    validate_every: int = 1
    patience: int | None = None
    min_delta: float | None = None
    stop_generalization_loss: float | None = None
    stop_progress: float | None = None
    restore_best: bool = False
    dtype: str

    def __hash__(self) -> int:
        """Return the hash of all fields together; it is not pickled, since processes differ in it."""
        try:
            return self._hash
        except AttributeError:
            object.__setattr__(self, "_hash", hash(_values(self)))
            return self._hash


_NAMES = tuple(field.name for field in fields(Configuration))
_values = attrgetter(*_NAMES)


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
        _unused(FIELDS[name], value)
        for name, value in parsed.items()
        if value != FIELDS[name].neutral and not _used(name, parsed, faulty)
    ]
    found = _with_defaults(parsed, task)
    if "task" not in faulty:
        faults += [fault for fault, fields in contradictions(found, task) if not faulty & fields]
    if faults:
        raise ConfigurationError(tuple(faults))
    return Configuration(**found)


def canonical(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values without fields that their own choices leave unused; nothing is checked or filled in.

    Inside a grid, momentum beside the optimizer sgd is no mistake, but must make no second configuration.
    """
    return {name: value for name, value in values.items() if name not in FIELDS or _used(name, values, set())}


def canonical_json(configuration: Configuration) -> str:
    """Return the configuration as JSON: unused fields removed, keys sorted, floats by repr, no spaces.

    A field is unused where its choices leave it so, and where it holds what changes nothing (dropout 0) and
    would hold that without being named: a field that is added later leaves older hashes alone.
    """
    # Not asdict, which copies deeply: it took longer than all else here.
    values = dict(zip(_NAMES, _values(configuration), strict=True))
    used = {
        name: value
        for name, value in values.items()
        if value is not None and not _changes_nothing(FIELDS[name], value, values)
    }
    return json.dumps(used, sort_keys=True, separators=(",", ":"), allow_nan=False)


def configuration_hash(configuration: Configuration) -> str:
    """Return the hexadecimal SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(configuration).encode()).hexdigest()


def of_any_length(configuration: Configuration) -> Configuration:
    """Return one configuration for all that differ only in `epochs`, where their common epochs are equal.

    Under a schedule that is bound to the number of epochs it is the configuration itself.
    """
    if configuration.learning_rate_schedule in BOUND_TO_EPOCHS:
        return configuration
    return replace(configuration, epochs=1)


def course_hash(configuration: Configuration) -> str:
    """Return the hash of what decides an epoch's bits, which the number of epochs to come mostly does not."""
    return configuration_hash(of_any_length(configuration))


def complete(document: Mapping[str, object]) -> dict[str, object]:
    """Return canonical JSON's fields with those that it leaves out: at what changes nothing, or None."""
    return {name: document.get(name, field.neutral) for name, field in FIELDS.items()}


def varied_part(document: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    """Return these fields of canonical JSON; one that it leaves out has its neutral value."""
    return {name: document.get(name, FIELDS[name].neutral) if name in FIELDS else None for name in names}


def _used(name: str, values: Mapping[str, object], faulty: set[str]) -> bool:
    """Tell whether a field matters beside the others; it does if its chooser is itself faulty."""
    field = FIELDS[name]
    if field.chooser is None or field.chooser in faulty:
        return True
    if not _used(field.chooser, values, faulty):
        return False
    choice = values.get(field.chooser)
    return field.used_with(FIELDS[field.chooser].default_beside(values) if choice is None else choice)


def _with_defaults(parsed: Mapping[str, Any], task: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in FIELDS.items():
        found[name] = parsed[name] if name in parsed else field.default_beside(found)
    if found["loss"] is None:
        found["loss"] = "cross_entropy" if task == "classification" else "mse"
    if found["output_activation"] is None:
        found["output_activation"] = FUSED.get(found["loss"], "identity")
    unused: set[str] = set()
    for name, field in FIELDS.items():  # in which a chooser stands before those that it decides about
        if field.chooser is None:
            continue
        if field.chooser in unused or not field.used_with(found[field.chooser]):
            unused.add(name)
            found[name] = field.neutral
    return found


def _changes_nothing(field: Field, value: object, values: Mapping[str, object]) -> bool:
    return value == field.neutral and field.default_beside(values) == field.neutral


def _unknown(name: str, value: object) -> FieldFault:
    nearest = difflib.get_close_matches(name, FIELDS, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return FieldFault(name, f"there is no field {name!r}{hint}", value, ", ".join(FIELDS))


def _unused(field: Field, value: object) -> FieldFault:
    message = f"{field.name} is used only when {field.used_text}"
    return FieldFault(field.name, message, value, f"nothing here, unless {field.used_text}")
