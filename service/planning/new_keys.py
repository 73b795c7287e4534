"""A request for keys, read from strict JSON: for whom, with which rights, for how long."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import normalized
from service.planning.strict_json import MAX_INTEGER
from service.planning.submission_faults import translated

MOST_OWNERS = 1_000
MOST_NAME = 100  # characters
LONGEST_DAYS = 3_650

SCOPES = ("read", "submit", "admin")

Limit = Annotated[int, Field(strict=True, ge=1, le=MAX_INTEGER)]


def _a_name(name: str) -> str:
    plain = normalized(name).strip()
    if not plain:
        raise PydanticCustomError("blank", "is blank", {"allowed": "a name"})
    return plain


def _a_scope(scope: str) -> str:
    if scope not in SCOPES:
        raise PydanticCustomError("scope", "is no scope", {"allowed": ", ".join(SCOPES)})
    return scope


Name = Annotated[str, Field(strict=True, min_length=1, max_length=MOST_NAME), AfterValidator(_a_name)]

ScopeName = Annotated[
    str, Field(strict=True, json_schema_extra={"enum": list(SCOPES)}), AfterValidator(_a_scope)
]


class KeyLimits(BaseModel):
    """Where a key's limits differ from the settings'."""

    model_config = ConfigDict(extra="forbid")

    requests_per_minute: Limit | None = Field(default=None, description="BACKSWEEP_KEY_REQUESTS_PER_MINUTE.")
    queued_runs: Limit | None = Field(
        default=None, description="Of the owner, paused ones included. BACKSWEEP_KEY_QUEUED_RUNS."
    )
    runs_per_sweep: Limit | None = Field(
        default=None, description="Grid cells times seeds. BACKSWEEP_KEY_RUNS_PER_SWEEP."
    )
    stored_bytes: Limit | None = Field(
        default=None, description="Of the owner: datasets, losses, weights. BACKSWEEP_KEY_STORED_BYTES."
    )


class NewKeys(BaseModel):
    """Keys to be made, one for each owner."""

    model_config = ConfigDict(extra="forbid")

    owners: Annotated[list[Name], Field(min_length=1, max_length=MOST_OWNERS)] = Field(
        description="Names; who is not there yet is made.", examples=[["ann", "ben"]]
    )
    name: Annotated[str, Field(strict=True, max_length=MOST_NAME)] = Field(
        default="", description="What the keys are for."
    )
    scopes: Annotated[list[ScopeName], Field(min_length=1, max_length=3)] = Field(
        default=["read", "submit"],
        description="read: look at what is the owner's; submit: make and change it; admin: owners and keys.",
    )
    days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_DAYS)] | None = Field(
        default=None, description="How long the keys are valid; null: until they are revoked."
    )
    limits: KeyLimits = KeyLimits()

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read a document that `strict_json` has let pass.

        Raises:
            InvalidSubmission: with every fault.
        """
        if not isinstance(document, dict):
            raise InvalidSubmission([Fault("", "is not an object", document, ", ".join(cls.model_fields))])
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            models: dict[tuple[str, ...], type[BaseModel]] = {(): cls, ("limits",): KeyLimits}
            details = error.errors(include_url=False)
            raise InvalidSubmission([translated(detail, models) for detail in details]) from None

    @property
    def own_limits(self) -> dict[str, Any]:
        """The limits that were given."""
        return self.limits.model_dump(exclude_none=True)
