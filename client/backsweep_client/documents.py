"""A thing of the service as it was told of last, and asked for again when it may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from backsweep_client.transport import Transport


class Document:
    """One thing by its id: `document` is the service's JSON, as it came last."""

    collection: ClassVar[str]  # where its kind is, such as `runs`

    def __init__(self, transport: Transport, document: Mapping[str, Any]) -> None:
        """Made by a client, or by another thing that knows of it."""
        self.transport = transport
        self.document = dict(document)

    @property
    def id(self) -> str:
        """A letter for its kind, and a UUID."""
        return str(self.document["id"])

    @property
    def state(self) -> str:
        """How it stood when it was asked for last."""
        return str(self.document["state"])

    def refresh(self) -> Self:
        """Ask again how it stands; the thing itself, for chaining."""
        self.document = self.transport.json(self._path)
        return self

    @property
    def _path(self) -> str:
        return f"/{self.collection}/{self.id}"
