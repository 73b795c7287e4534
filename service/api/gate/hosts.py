"""Only requests for our own names are answered, so that no foreign name can be pointed at this machine."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.problems import ProblemResponse
from service.errors import Fault

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
PORT_OF_HTTP = 80  # which browsers leave out of the Host header


def answered_hosts(port: int, more: Iterable[str] = ()) -> frozenset[str]:
    """The Host headers that are answered: loopback's names with our port, and `more` exactly as written."""
    suffixes = (f":{port}", "") if port == PORT_OF_HTTP else (f":{port}",)
    own = {f"{name}{suffix}" for name in LOOPBACK for suffix in suffixes}
    return frozenset(own | {host.lower() for host in more})


class Hosts:
    """Refuses a request whose Host header is missing, doubled or not one of ours (DNS rebinding)."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        given = [host.lower() for host in Headers(scope=scope).getlist("host")] if "headers" in scope else []
        if scope["type"] != "http" or (len(given) == 1 and given[0] in self.hosts):
            await self.app(scope, receive, send)
            return
        fault = Fault("Host", "is not a name of this service", ", ".join(given), self._allowed())
        refusal = ProblemResponse(scope, 400, "The Host header is not a name of this service.", [fault])
        await refusal(scope, receive, send)

    def _allowed(self) -> str:
        return f"{', '.join(sorted(self.hosts))}; BACKSWEEP_PUBLIC_URL or BACKSWEEP_ALLOWED_HOSTS add others"
