"""What people call a sweep can be changed as long as it exists; an edit is a JSON merge patch (RFC 7396)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service.errors import Fault, InvalidSubmission
from service.planning.submission import MAX_NOTES, MAX_TAGS, Line, Name
from service.planning.submission_faults import translated

EXAMPLE: dict[str, Any] = {"name": "digits, again", "tags": {"course": "ml-102", "draft": None}}


class SweepEdit(BaseModel):
    """Changes what is sent and leaves the rest; null takes away, a single tag, too."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    name: Name = Field(default="", description="A sweep always has a name.")
    tags: Annotated[dict[Name, Line | None], Field(max_length=MAX_TAGS)] | None = Field(
        default=None, description=f"Tags to set, or with null to take away; a sweep has up to {MAX_TAGS}."
    )
    notes: Annotated[str, Field(max_length=MAX_NOTES)] | None = Field(
        default=None, description="Free text, shown as it is."
    )


@dataclass(frozen=True, slots=True)
class Labels:
    """What people call a sweep."""

    name: str
    tags: Mapping[str, Any]
    notes: str

    @property
    def revision(self) -> str:
        """What tells these from others, to be sent back as If-Match."""
        text = _WRITTEN.encode([self.name, self.tags, self.notes])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_WRITTEN = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {(): SweepEdit}


def read(document: object) -> SweepEdit:
    """The edit that this document is.

    Raises: InvalidSubmission with every fault that can be told without the sweep.
    """
    if not isinstance(document, dict):
        raise InvalidSubmission([Fault("", "is not an object", document, "name, tags, notes")])
    try:
        edit = SweepEdit.model_validate(document)
    except ValidationError as error:
        raise InvalidSubmission([translated(detail, _MODELS) for detail in error.errors()]) from error
    if not edit.model_fields_set:
        raise InvalidSubmission([Fault("", "changes nothing", None, "name, tags, notes")])
    return edit


def edited(labels: Labels, edit: SweepEdit) -> Labels:
    """The labels after an edit.

    Raises: InvalidSubmission: there would be too many tags.
    """
    sent, tags = edit.model_fields_set, dict(labels.tags)
    for name, text in (edit.tags or {}).items():
        if text is None:
            tags.pop(name, None)
        else:
            tags[name] = text
    if "tags" in sent and edit.tags is None:
        tags = {}
    if len(tags) > MAX_TAGS:
        raise InvalidSubmission([Fault("tags", "would be too many", len(tags), f"at most {MAX_TAGS}")])
    return Labels(
        edit.name if "name" in sent else labels.name,
        tags,
        (edit.notes or "") if "notes" in sent else labels.notes,
    )
