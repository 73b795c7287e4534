"""The gates that every request passes before any route is looked for, from the outside in."""

from __future__ import annotations

from starlette.middleware import Middleware

from service.api.gate.authentication import LOGIN, Authentication
from service.api.gate.body_cap import BodyCap
from service.api.gate.hosts import Hosts, answered_hosts
from service.api.gate.media_types import MediaTypes
from service.api.gate.origins import Origins
from service.api.gate.response_headers import ResponseHeaders
from service.api.gate.unexpected import Unexpected
from service.settings import Settings


def layers(settings: Settings, content_security_policy: str) -> list[Middleware]:
    """Name a request, catch its failure, then judge: for whom, from where, by whom, how much, of what."""
    hosts = answered_hosts(settings.port, settings.allowed_hosts)
    return [
        Middleware(ResponseHeaders, policy=content_security_policy),
        Middleware(Unexpected),
        Middleware(Hosts, hosts=hosts),
        Middleware(Origins, hosts=hosts, login=LOGIN),
        Middleware(Authentication),
        Middleware(BodyCap, most=settings.max_body_bytes),
        Middleware(MediaTypes, login=LOGIN),
    ]
