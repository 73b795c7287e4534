"""Renaming and deleting sweeps."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from service.api.context import Asking, Here
from service.api.gate.media_types import MERGE_PATCH
from service.api.parameters import Body, IfMatch, SweepId
from service.api.problems import documented
from service.api.routes.sweeps import sweep_in_full
from service.api.schemas.sweep import SweepInFull
from service.lifecycle.edit import edit_sweep
from service.lifecycle.remove import remove_sweep
from service.planning.strict_json import loads
from service.planning.sweep_edit import EXAMPLE, read
from service.planning.sweep_file import JSON

router = APIRouter(tags=["sweeps"])

LONGEST_REMOVAL = 2.0  # seconds of one request; what is left is done by the workers' upkeep
EDIT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            name: {"schema": {"$ref": "#/components/schemas/SweepEdit"}, "example": EXAMPLE}
            for name in (JSON, MERGE_PATCH)
        },
    }
}


@router.patch(
    "/sweeps/{sweep_id}",
    summary="Change name, tags or notes",
    responses=documented(404, 412, 413, 415, 422),
    openapi_extra=EDIT,
)
def edit(here: Here, caller: Asking, sweep_id: SweepId, body: Body, if_match: IfMatch = None) -> SweepInFull:
    """Change what is sent and leave the rest, by a JSON merge patch; null takes notes or a tag away.

    Whoever sends the `revision` that they have seen as If-Match overwrites nobody's change.
    """
    asked = read(loads(body))
    revision = None if if_match is None else if_match.strip('"')
    here.database.run(
        lambda session: edit_sweep(session, caller.owner_id, sweep_id, asked, revision=revision)
    )
    return sweep_in_full(here, caller, sweep_id)


@router.delete(
    "/sweeps/{sweep_id}",
    status_code=204,
    summary="Delete a sweep",
    response_class=Response,
    responses=documented(404, 409),
)
def delete_sweep(here: Here, caller: Asking, sweep_id: SweepId) -> Response:
    """Delete a final sweep for good, with its runs, losses, weights and events; 409 if it is not final.

    It is gone at once. The rows of a large sweep leave the database within the next minutes, in small pieces.
    Runs of other sweeps that took their results from it keep them, and say no more where they are from.
    """
    remove_sweep(here.database, caller.owner_id, sweep_id, seconds=LONGEST_REMOVAL)
    return Response(status_code=204)
