"""Keys of a service elsewhere, over HTTP, by who has its token or a key with the scope admin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsweep_client import Client


class KeysThere:
    """A service as the place where keys are."""

    def __init__(self, client: Client) -> None:
        self._keys = client.keys

    def create(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Make keys; not a second time where an answer was lost."""
        return [asdict(key) for key in self._keys.create(**asked)]

    def keys(self) -> Iterator[dict[str, Any]]:
        """Every key without its secret, the newest first."""
        return self._keys.list()

    def revoke_key(self, prefix: str) -> None:
        """End a key."""
        self._keys.revoke(prefix)

    def revoke_owner(self, name: str) -> None:
        """Shut an owner out."""
        self._keys.revoke_owner(name)
