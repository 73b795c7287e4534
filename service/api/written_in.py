"""What a sweep's body is written in, by the name under which it is kept."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.api.gate.media_types import media_type
from service.planning.sweep_file import JSON, kept_as


def sweep_media_type(request: Request) -> str:
    """What the body of this request is written in."""
    return kept_as(media_type(request.headers.get("content-type")) or JSON)


async def _media_type(request: Request) -> str:
    return sweep_media_type(request)


# The gate has let no other type pass than those that are read.
SweepMediaType = Annotated[str, Depends(_media_type)]
