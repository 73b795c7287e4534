"""The gates that every request passes before any route is looked for, from the outside in."""

from __future__ import annotations

from starlette.middleware import Middleware

from service.api.gate.authentication import LOGIN, Authentication
from service.api.gate.body_cap import BodyCap
from service.api.gate.compression import Compression
from service.api.gate.hosts import Hosts, answered_hosts
from service.api.gate.media_types import DATASETS, MediaTypes
from service.api.gate.observation import Observation
from service.api.gate.origins import Origins
from service.api.gate.permissions import Permissions
from service.api.gate.request_limits import RequestLimits
from service.api.gate.response_headers import ResponseHeaders
from service.api.gate.unexpected import Unexpected
from service.settings import Settings


def layers(settings: Settings, content_security_policy: str) -> list[Middleware]:
    """Name a request, measure it, catch its failure; then judge: for whom, whence, who, how often, what."""
    public = settings.public_url
    own = () if public is None else (public.partition("://")[2],)
    hosts = answered_hosts(settings.port, (*settings.allowed_hosts, *own))
    return [
        Middleware(Compression),
        Middleware(ResponseHeaders, policy=content_security_policy, is_https=settings.is_https),
        Middleware(Observation),
        Middleware(Unexpected),
        Middleware(Hosts, hosts=hosts),
        Middleware(Origins, hosts=hosts, login=LOGIN, public=public),
        Middleware(Authentication),
        Middleware(RequestLimits),
        Middleware(Permissions),
        Middleware(BodyCap, most=settings.max_body_bytes, other={DATASETS: settings.max_dataset_bytes}),
        Middleware(MediaTypes, login=LOGIN),
    ]
