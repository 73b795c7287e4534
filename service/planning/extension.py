"""An extension asks for more of a sweep, and what it makes of the sweep is a submission like any other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from core.configuration import BOUND_TO_EPOCHS, TASKS, Configuration
from core.fields import FIELDS
from service.errors import Fault, InvalidSubmission
from service.planning import parameter_values, space
from service.planning.configurations import FUNCTION, RULES
from service.planning.methods import MAX_DRAWS
from service.planning.strict_json import member
from service.planning.submission import Seeds, SweepSubmission, parse
from service.planning.submission_faults import translated

EXAMPLE: dict[str, Any] = {"seeds": 5, "parameters": {"learning_rate": {"values": [3.0]}}}


class SweepExtension(BaseModel):
    """More of a sweep: seeds, values and draws together, or epochs alone."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    seeds: Seeds | None = Field(
        default=None,
        description="A list of seeds that every setting is to have, or a count of further ones: the smallest "
        "that the sweep has not got. A list may be sent again without harm, a count asks for more each time.",
    )
    parameters: dict[str, JsonValue] | None = Field(
        default=None,
        min_length=1,
        description="For each field the values to add, written as in a submission. New runs are all "
        "combinations that the sweep has not got, with all of its seeds. A field that the submission did not "
        "name varies from now on, between its default and these.",
    )
    run_cap: int | None = Field(
        default=None,
        ge=1,
        le=MAX_DRAWS,
        description="How many configurations a random search is to have drawn in all; the first ones stay.",
    )
    epochs: int | None = Field(
        default=None,
        ge=1,
        description="How many epochs every run of a final sweep is to have. Completed runs that went through "
        "all of theirs go on from their last state, or from the first epoch where that was not kept, to the "
        "bits of a sweep submitted so; runs that ended early would have ended so, too, and stay as they are.",
    )
    rerun: bool | None = Field(
        default=None,
        description="Whether new runs are trained although you have had the same ones trained before; by "
        "default as the submission says.",
    )


_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {(): SweepExtension}


def read(document: object) -> SweepExtension:
    """The extension that this document is.

    Raises: InvalidSubmission with every fault that can be told without the sweep.
    """
    if not isinstance(document, dict):
        raise InvalidSubmission(
            [Fault("", "is not an object", document, "seeds, parameters, run_cap, epochs")]
        )
    try:
        found = SweepExtension.model_validate(document)
    except ValidationError as error:
        raise InvalidSubmission([translated(detail, _MODELS) for detail in error.errors()]) from error
    given = [
        name for name in SweepExtension.model_fields if name != "rerun" and getattr(found, name) is not None
    ]
    if not given:
        raise InvalidSubmission(
            [Fault("", "asks for nothing", None, "seeds, parameters, run_cap, several of these, or epochs")]
        )
    if "epochs" in given and len(given) > 1:
        message = f"cannot be asked for together with {given[0]}"
        raise InvalidSubmission([Fault("epochs", message, found.epochs, "epochs alone, or a second request")])
    if found.epochs is not None and found.rerun is not None:
        message = "is about new runs, and epochs are added to those that are there"
        raise InvalidSubmission([Fault("rerun", message, found.rerun, "seeds, parameters or run_cap")])
    if isinstance(found.seeds, list) and len(set(found.seeds)) < len(found.seeds):
        raise InvalidSubmission([Fault("seeds", "has a seed twice", None, "each seed once")])
    return found


def extended(submission: Mapping[str, Any], asked: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The submission that asks at once for what was submitted and then added step by step.

    Raises: InvalidSubmission for parameters that do not exist, or are not written as they should be.
    """
    document = dict(submission)
    for step in asked:
        if "seeds" in step:
            document["seeds"] = list(dict.fromkeys((*parse(document).seed_list, *step["seeds"])))
        if "parameters" in step:
            task = FUNCTION if document.get("function") is not None else None
            document["parameters"] = _with_values(document, step["parameters"], task)
        if "run_cap" in step:
            document["run_cap"] = step["run_cap"]
        if "epochs" in step:
            document["parameters"] = {**document.get("parameters", {}), "epochs": step["epochs"]}
    return document


def exactly(extension: SweepExtension, present: SweepSubmission) -> dict[str, Any]:
    """The extension in the form in which it is kept: seeds by number, so that it says the same for ever.

    Raises: InvalidSubmission for what the method of the sweep has no use for.
    """
    if faults := list(_search_faults(extension, present)):
        raise InvalidSubmission(faults)
    document: dict[str, Any] = {}
    if isinstance(extension.seeds, int):
        known = set(present.seed_list)
        document["seeds"] = list(islice((seed for seed in count() if seed not in known), extension.seeds))
    elif extension.seeds is not None:
        document["seeds"] = list(extension.seeds)
    if extension.parameters is not None:
        document["parameters"] = dict(extension.parameters)
    if extension.run_cap is not None:
        document["run_cap"] = extension.run_cap
    if extension.epochs is not None:
        document["epochs"] = extension.epochs
    return document


def _search_faults(extension: SweepExtension, present: SweepSubmission) -> Iterator[Fault]:
    """What the method of the sweep has no use for."""
    search, run_cap = present.search, extension.run_cap
    if search is not None and extension.parameters is not None:
        message = "cannot be added to a random search, whose draws would be others"
        yield Fault("parameters", message, None, "run_cap, seeds, or a new sweep")
    if search is None and run_cap is not None:
        message = f"belongs to a random search, and this is a sweep by {present.method}"
        yield Fault("run_cap", message, run_cap, "seeds, parameters or epochs")
    elif search is not None and run_cap is not None and run_cap < search.draws:
        yield Fault("run_cap", "is less than were drawn", run_cap, f"{search.draws} or more")


def epoch_faults(
    epochs: int, present: SweepSubmission, most: int, configurations: Iterable[Configuration]
) -> Sequence[Fault]:
    """Why runs of these configurations, which have up to `most` epochs, cannot be given so many."""
    task = FUNCTION if present.function is not None else None
    if any(
        axis.field == "epochs" and axis.varies
        for axis in space.axes(present.parameters, task, present.method)
    ):
        message = "varies in this sweep, so that more epochs for all would make runs of one setting equal"
        return [Fault("epochs", message, epochs, '{"parameters": {"epochs": {"values": [...]}}}')]
    if epochs < most:
        return [Fault("epochs", "are fewer than the runs have", epochs, f"{most} or more")]
    bound = dict.fromkeys(
        configuration.learning_rate_schedule
        for configuration in configurations
        if configuration.learning_rate_schedule in BOUND_TO_EPOCHS
    )
    allowed = f"a new sweep, or a schedule that is not {', '.join(BOUND_TO_EPOCHS)}"
    return [
        Fault(
            "epochs",
            f"cannot be added under the schedule {schedule}: each of its learning rates depends on how many "
            "epochs there are, so that the runs would be others from their first step",
            epochs,
            allowed,
        )
        for schedule in bound
    ]


def _with_values(document: Mapping[str, Any], added: Mapping[str, Any], task: str | None) -> dict[str, Any]:
    parameters, method = document.get("parameters", {}), document.get("method", "grid")
    present = {axis.field: axis for axis in space.axes(parameters, task, method)}
    rules = RULES[TASKS[0] if task is None else task]
    names = {space.ALIASES.get(name, name): name for name in parameters}
    found = dict(parameters)
    faults: list[Fault] = []
    for name, spec in added.items():
        path = member("parameters", name)
        full_name = space.ALIASES.get(name, name)
        if full_name not in rules.fields:
            faults.append(space.unknown(name, path, rules))
            continue
        field = FIELDS[full_name]
        # A field that was not named has had its default.
        before = present[field.name].values if field.name in present else (field.default,)
        try:
            values = dict.fromkeys((*before, *parameter_values.read(field, spec, path)))
        except InvalidSubmission as error:
            faults.extend(error.faults)
            continue
        found[names.get(field.name, field.name)] = {"values": [_plain(value) for value in values]}
    if faults:
        raise InvalidSubmission(faults)
    return found


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
