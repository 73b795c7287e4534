"""By which of its secrets a client was let in."""

from __future__ import annotations

from starlette.datastructures import Headers

from service.api.gate.authentication import cookie_value
from service.api.streams.standing import Credential
from service.lifecycle.access import Caller, same_secret


def credential_of(headers: Headers, cookie_name: str, token: str, caller: Caller) -> Credential:
    """What the gate let this caller in by."""
    authorization = headers.get("authorization")
    if authorization is None:
        return Credential(caller.owner_id, cookie=cookie_value(headers, cookie_name))
    secret = authorization.partition(" ")[2].strip()
    return Credential(caller.owner_id, key=None if same_secret(secret, token) else secret)
