"""A JSON body becomes a model, or every fault in it is told; the OpenAPI document learns of it here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from core.errors import ConfigurationError, FieldFault
from core.expressions.definitions import DefinitionError
from service.errors import Fault, InvalidSubmission
from service.planning import strict_json
from service.planning.submission_faults import path_of, translated

Model = TypeVar("Model", bound=BaseModel)


def read(body: bytes, model: type[Model]) -> Model:
    """The body as what it should be.

    Raises: InvalidSubmission with every fault under its path: no JSON, no object, fields that are missing,
    unknown (with the nearest name) or of a wrong type.
    """
    document = strict_json.loads(body)
    if not isinstance(document, dict):
        names = ", ".join(model.model_fields)
        raise InvalidSubmission([Fault("", "is not an object", document, f"an object with {names}")])
    try:
        return model.model_validate(document)
    except ValidationError as error:
        models: dict[tuple[str, ...], type[BaseModel]] = {(): model, **_parts(model)}
        faults = [translated(each, models) for each in error.errors(include_url=False)]
        raise InvalidSubmission(faults) from error


def refuse_query(request: Request, model: type[BaseModel]) -> None:
    """Refuse parameters in the address where all that is asked for stands in the body.

    Raises: InvalidSubmission with each of them; one that was dropped would have been meant.
    """
    names = ", ".join(model.model_fields)
    faults = [
        Fault(name, "stands in the address; this is asked for in the body", value, f"in the body: {names}")
        for name, value in request.query_params.items()
    ]
    if faults:
        raise InvalidSubmission(faults)


def documented_body(model: type[BaseModel], examples: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation adds to the OpenAPI document, since its body is not read by the framework."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema, "examples": dict(examples)}}
    return {"requestBody": {"required": True, "content": content}}


@contextmanager
def told_by_the_core(within: str = "") -> Iterator[None]:
    """Turn the core's faults into the service's; their paths are those of the body, or all are `within`.

    Raises: InvalidSubmission.
    """
    try:
        yield
    except ConfigurationError as error:
        raise InvalidSubmission([_fault(each, within) for each in error.faults]) from error
    except DefinitionError as error:
        path = "definitions" if error.variable is None else strict_json.member("definitions", error.variable)
        message = error.problem
        raise InvalidSubmission([Fault(within or path, message, error.variable, error.allowed)]) from error


def _fault(fault: FieldFault, within: str) -> Fault:
    if within:
        return Fault(within, f"{fault.field}: {fault.message}", fault.value, fault.allowed)
    place = tuple(int(part) if re.fullmatch("[0-9]+", part) else part for part in fault.field.split("."))
    return Fault(path_of(place), fault.message, fault.value, fault.allowed)


def _parts(model: type[BaseModel]) -> dict[tuple[str, ...], type[BaseModel]]:
    """The models of a model's own fields, by name."""
    found: dict[tuple[str, ...], type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        kinds = [field.annotation]
        while kinds:
            kind = kinds.pop()
            kinds += get_args(kind)  # of a union, or of what is annotated
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found[(name,)] = kind
    return found
