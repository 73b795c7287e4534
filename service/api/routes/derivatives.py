"""A graph of variables: the derivative as the sum over all paths of the product along each."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from core.expressions.definitions import Value, definitions_from_text
from core.variables import Graph, build, derive
from service.api import bodies
from service.api.parameters import Body
from service.api.problems import documented
from service.api.schemas.derivatives import EXAMPLES, Derivation, DerivativesRequest
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import did_you_mean

router = APIRouter(tags=["learn"])


@router.post(
    "/derivatives",
    summary="Differentiate a graph of variables",
    response_model=Derivation,
    responses=documented(413, 415, 422),
    openapi_extra=bodies.documented_body(DerivativesRequest, EXAMPLES),
)
def differentiate(body: Body) -> JSONResponse:
    """Return every path's product and their sum, exactly where all that goes in is rational.

    Nothing is stored. The derivative itself is computed in reverse, without walking along any single path.
    """
    asked = bodies.read(body, DerivativesRequest)
    with bodies.told_by_the_core():
        graph = build(_definitions(asked.definitions))
        _check_names(graph, {"of": asked.of, "to": asked.to})
        derivation = derive(graph, asked.of, asked.to, listed=asked.listed)
    return JSONResponse(derivation.to_json())


def _definitions(given: Any) -> dict[str, Value] | list[tuple[str, Value]]:
    if isinstance(given, str):
        return list(definitions_from_text(given))
    if isinstance(given, dict):
        return given
    allowed = 'an object such as {"a": 2, "b": "a**2"}, or text with lines such as b = a**2'
    raise InvalidSubmission([Fault("definitions", "is neither an object nor text", given, allowed)])


def _check_names(graph: Graph, asked: dict[str, str | None]) -> None:
    known = ", ".join(graph.values)
    faults = [
        Fault(path, f"there is no variable {name[:100]!r}{did_you_mean(name, graph.values)}", name, known)
        for path, name in asked.items()
        if name is not None and name not in graph.values
    ]
    if faults:
        raise InvalidSubmission(faults)
