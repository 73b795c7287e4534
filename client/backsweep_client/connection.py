"""Where the service is and who asks: told, or found as the programs on this machine find it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from backsweep_client.problems import NoToken

DEFAULT_PORT = "8765"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Connection:
    """An address, and a secret or the file that holds it."""

    url: str
    secret: str | None = field(default=None, repr=False)
    token_file: Path | None = None

    @classmethod
    def find(
        cls,
        url: str | None = None,
        secret: str | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Connection:
        """Complete what was told by BACKSWEEP_URL, BACKSWEEP_TOKEN, BACKSWEEP_PORT and BACKSWEEP_HOME.

        The token file of this machine is only read for an address on this machine.
        """
        known = os.environ if environ is None else environ
        address = (url or known.get("BACKSWEEP_URL") or _local(known)).rstrip("/")
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(
                f"{address!r} is no address of a service; allowed is http://host:port or https://"
            )
        token = secret or known.get("BACKSWEEP_TOKEN") or None
        home = Path(known.get("BACKSWEEP_HOME") or "~/.backsweep").expanduser()
        return cls(address, token, home / "token" if parts.hostname in LOOPBACK else None)

    @property
    def is_local(self) -> bool:
        """Whether the service is on this machine."""
        return urlsplit(self.url).hostname in LOOPBACK

    def token(self) -> str:
        """The secret; a file is read anew each time, for `backsweep up` writes a new one at every start.

        Raises: NoToken, which says where one was looked for.
        """
        if self.secret:
            return self.secret
        if self.token_file is None:
            raise NoToken(f"{self.url} needs a token or an API key: give `key`, or set BACKSWEEP_TOKEN")
        try:
            return self.token_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError):
            raise NoToken(
                f"there is no token in {self.token_file}; `backsweep up` makes one, or set BACKSWEEP_TOKEN"
            ) from None


def _local(known: Mapping[str, str]) -> str:
    host = known.get("BACKSWEEP_HOST") or LOOPBACK[0]
    host = host if host in LOOPBACK else LOOPBACK[0]
    named = f"[{host}]" if ":" in host else host
    return f"http://{named}:{known.get('BACKSWEEP_PORT') or DEFAULT_PORT}"
