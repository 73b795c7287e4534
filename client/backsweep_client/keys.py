"""Keys for people and programs that share a service, made and ended by who has the scope admin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backsweep_client import pages
from backsweep_client.transport import Transport

PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is shown this once: for whom, its public id, itself, and a link that opens the pages."""

    owner: str
    id: str
    key: str = field(repr=False)  # a notebook keeps what it shows
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a service."""

    transport: Transport

    def create(
        self,
        owners: str | Iterable[str],
        *,
        name: str = "",
        scopes: Iterable[str] = ("read", "submit"),
        days: int | None = None,
        limits: Mapping[str, int] | None = None,
    ) -> list[NewKey]:
        """Make one key for each owner named, up to a thousand in one call, all or none.

        Who is not there yet is made. It is not done a second time where an answer was lost: the keys would be
        others. `limits` are requests_per_minute, queued_runs, runs_per_sweep and stored_bytes.
        """
        asked = {
            "owners": [owners] if isinstance(owners, str) else list(owners),
            "name": name,
            "scopes": list(scopes),
            "days": days,
            "limits": dict(limits or {}),
        }
        made = self.transport.post("/keys", asked, repeatable=False)
        return [NewKey(each["owner"], each["id"], each["key"], each["link"]) for each in made["items"]]

    def list(self, owner: str | None = None) -> Iterator[dict[str, Any]]:
        """Every key without its secret, the newest first; of one owner, by name, or of all."""
        params = {"owner": None if owner is None else self._owner(owner)}
        return pages.items(self.transport, "/keys", params, limit=None, page_size=PAGE_SIZE)

    def revoke(self, key: str | NewKey) -> dict[str, Any]:
        """End a key, by its id, and the sessions that it opened; again changes nothing."""
        public_id = key if isinstance(key, str) else key.id
        ended: dict[str, Any] = self.transport.post(f"/keys/{public_id}:revoke")
        return ended

    def revoke_owner(self, owner: str) -> None:
        """Shut an owner out, by name, with all keys and sessions, for good; sweeps and datasets stay."""
        self.transport.post(f"/owners/{self._owner(owner)}:revoke")

    def owners(self) -> Iterator[dict[str, Any]]:
        """Who shares the service, and how much is theirs."""
        return pages.items(self.transport, "/owners", {}, limit=None, page_size=PAGE_SIZE)

    def _owner(self, name: str) -> str:
        for owner in self.owners():
            if owner["name"] == name:
                return str(owner["id"])
        raise ValueError(f"there is no owner {name!r}")
