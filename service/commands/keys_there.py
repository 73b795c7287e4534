"""Keys of a service elsewhere, over HTTP, by who has its token or a key with the scope admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from backsweep_client import pages

if TYPE_CHECKING:
    from backsweep_client import Client

PAGE = 200


class KeysThere:
    """A service as the place where keys are."""

    def __init__(self, client: Client) -> None:
        self.transport = client.transport

    def create(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        """Make keys; not a second time where an answer was lost."""
        made: list[dict[str, Any]] = self.transport.post("/keys", asked, repeatable=False)["items"]
        return made

    def keys(self) -> Iterator[dict[str, Any]]:
        """Every key without its secret, the newest first."""
        return self._pages("/keys")

    def revoke_key(self, prefix: str) -> None:
        """End a key."""
        self.transport.post(f"/keys/{prefix}:revoke")

    def revoke_owner(self, name: str) -> None:
        """Shut an owner out."""
        for owner in self._pages("/owners"):
            if owner["name"] == name:
                self.transport.post(f"/owners/{owner['id']}:revoke")
                return
        raise ValueError(f"there is no owner {name!r}")

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        return pages.items(self.transport, path, {}, limit=None, page_size=PAGE)
