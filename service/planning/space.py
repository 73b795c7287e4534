"""A submission's parameters become axes: for each field of a configuration the values that the sweep tries.

What a grid cannot use is refused here, at submit, so that nothing is refused at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

from core.configuration import TASKS, canonical
from core.errors import ConfigurationError
from core.fields import FIELDS, RANGE_TEST, SCHEDULES, Field
from service.errors import Fault, InvalidSubmission
from service.planning import parameter_values, random_values, range_tests
from service.planning.configurations import RULES, Rules
from service.planning.samplers import Sampler
from service.planning.strict_json import member

ALIASES = {"lr": "learning_rate"}
_MAX_COMBINATIONS = 1_000  # of choices that are looked at together before the grid is expanded


@dataclass(frozen=True, slots=True)
class Axis:
    """A field of the configuration, its values in the order in which they are tried, and where it was given.

    Values are as `core.fields` parses them (layers are tuples); None asks for the field's default.
    """

    field: str
    values: tuple[object, ...]
    path: str = ""
    weights: tuple[float, ...] | None = None  # of the values, in a random search; None: all alike
    sampler: Sampler | None = None  # in a random search, in place of values

    @property
    def varies(self) -> bool:
        """Whether the sweep compares values of this field."""
        return len(self.values) > 1 or self.sampler is not None


def axes(parameters: Mapping[str, object], task: str | None = None, method: str = "grid") -> tuple[Axis, ...]:
    """The axes in submitted order, as the method reads them; one that is not known reads as a grid.

    Without a task (it may follow from a table that is not at hand) only what is wrong in every task of
    networks is refused.

    Raises: InvalidSubmission with every fault of every parameter.
    """
    faults: list[Fault] = []
    if method == RANGE_TEST:
        parameters, faults = range_tests.read(parameters)
    found: dict[str, Axis] = {}
    rules = RULES[TASKS[0] if task is None else task]
    for name, spec in parameters.items():
        path = member("parameters", name)
        full_name = ALIASES.get(name, name)
        if full_name not in rules.fields:
            faults.append(unknown(name, path, rules))
            continue
        field = FIELDS[full_name]
        if field.name in found:
            faults.append(
                Fault(path, f"{field.name} is given twice, under two names", spec, "one of the two")
            )
        try:
            found[field.name] = _axis(field, spec, path, method)
        except InvalidSubmission as error:
            faults.extend(error.faults)
            found.setdefault(field.name, Axis(field.name, (), path))
    if method == RANGE_TEST and "optimizer" in found:
        faults.extend(range_tests.optimizer_faults(found["optimizer"].values, found["optimizer"].path))
    elif method != RANGE_TEST:
        faults.extend(_of_another_method(found))
    faults.extend(_unused(found))
    faults.extend(_contradictory(found, task))
    if faults:
        raise InvalidSubmission(faults)
    return tuple(found.values())


def _axis(field: Field, spec: object, path: str, method: str) -> Axis:
    if method == "random":
        drawn = random_values.read(field, spec, path)
        return Axis(field.name, drawn.values, path, drawn.weights, drawn.sampler)
    return Axis(field.name, parameter_values.read(field, spec, path), path)


def unknown(name: str, path: str, rules: Rules) -> Fault:
    """What is wrong with a parameter that none of these configurations has."""
    message = rules.unknown(ALIASES.get(name, name), ALIASES)
    return Fault(path, message, None, ", ".join(rules.fields))


def count(found: tuple[Axis, ...], seeds: int) -> int:
    """How many runs these axes ask for, duplicates included; an exact number however large."""
    runs = seeds
    for axis in found:
        runs *= len(axis.values)
    return runs


def _of_another_method(found: Mapping[str, Axis]) -> Iterator[Fault]:
    """The schedule whose epochs are single steps: beside other runs it would be one that stops at once."""
    axis = found.get("learning_rate_schedule")
    if axis is not None and RANGE_TEST in axis.values:
        message = f"{RANGE_TEST} is a method of its own, and no schedule to train by"
        allowed = ", ".join(name for name in SCHEDULES if name != RANGE_TEST)
        yield Fault(axis.path, message, RANGE_TEST, f'{allowed}, or "method": "{RANGE_TEST}"')


def _unused(found: Mapping[str, Axis]) -> Iterator[Fault]:
    """Fields that no point of the grid would use; those that some points use are left out of the others."""
    for axis in found.values():
        field = FIELDS[axis.field]
        if field.chooser is None or not axis.values:
            continue
        chooser = found.get(field.chooser)
        choices = chooser.values if chooser else (None,)
        default = FIELDS[field.chooser].default
        # A chooser that is itself at fault has no values, and gets the benefit.
        if choices and not any(field.used_with(default if choice is None else choice) for choice in choices):
            value = axis.values[0] if not axis.varies else None
            message = f"{field.name} is used only when {field.used_text}"
            yield Fault(axis.path, message, value, f"nothing here, unless {field.used_text}")


def _contradictory(found: Mapping[str, Axis], task: str | None) -> Iterator[Fault]:
    """Choices that cannot stand together, such as the loss cross_entropy for a regression."""
    choices = [axis for axis in found.values() if FIELDS[axis.field].kind == "choice" and axis.values]
    tasks = TASKS if task is None else (task,)
    told: set[tuple[str, str]] = set()
    for point in islice(product(*(axis.values for axis in choices)), _MAX_COMBINATIONS):
        values = canonical({axis.field: value for axis, value in zip(choices, point, strict=True)})
        errors = [error for task_name in tasks if (error := _refusal(tuple(values.items()), task_name))]
        if len(errors) < len(tasks):
            continue
        for fault in errors[0].faults:
            if fault.field in found and (fault.field, fault.message) not in told:
                told.add((fault.field, fault.message))
                yield Fault(found[fault.field].path, fault.message, fault.value, fault.allowed)


@lru_cache(maxsize=1_024)
def _refusal(choices: tuple[tuple[str, object], ...], task: str) -> ConfigurationError | None:
    """Kept, because most sweeps make the same few choices; they are texts or None."""
    try:
        RULES[task].resolve(dict(choices))
    except ConfigurationError as error:
        return error
    return None
