"""A request that changes something must come from a page of ours, or from a program that is no browser."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.problems import ProblemResponse

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# `same-site` is not among them: another port of this machine is the same site.
ALLOWED_FETCH_SITES = frozenset({"same-origin", "none"})


class Origins:
    """Judges every method but the safe ones by what a browser says of the page that asks.

    Programs send neither Origin nor Sec-Fetch-Site, and carry a token; whatever carries a cookie, or
    asks for one at `login`, must say where it comes from.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], login: str, public: str | None = None) -> None:
        self.app = app
        # What is reached by TLS is not asked by a page that came without.
        origins = {f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts}
        if public is not None:
            scheme, _, host = public.partition("://")
            origins.discard(f"{'http' if scheme == 'https' else 'https'}://{host}")
        self.origins = frozenset(origins)
        self.login = login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS or self._is_allowed(scope):
            await self.app(scope, receive, send)
            return
        detail = "A page of another origin may not change anything here."
        await ProblemResponse(scope, 403, detail)(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        if not all(origin.lower() in self.origins for origin in origins):
            return False
        if not all(site in ALLOWED_FETCH_SITES for site in sites):
            return False
        speaks_as_a_browser = "cookie" in headers or scope["path"] == self.login
        return bool(origins or sites) or not speaks_as_a_browser
