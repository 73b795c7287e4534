"""One good request for every route. A route that is not here fails the tests that walk over all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

API = "/api/v1"
SWEEP = {"function": {"expression": "x**2", "start": {"x": 1.0}}, "parameters": {"epochs": 3}}
OWNED = frozenset({"sweep_id", "run_id", "dataset", "verification_id"})  # what belongs to an owner

Route = tuple[str, str]


@dataclass(frozen=True)
class Call:
    """The rest of a request: query and body, in which `{run_id}` and so on stand for identifiers."""

    query: str = ""
    body: Any = None
    computes: bool = False  # it is a POST, and still changes nothing
    administers: bool = False
    is_rare: bool = False  # what it asks for is not there, with its owner either
    content: str | None = None
    media_type: str = "application/json"


CALLS: Mapping[Route, Call] = {
    ("GET", "/openapi.json"): Call(),
    ("GET", f"{API}/sweeps"): Call(),
    ("POST", f"{API}/sweeps"): Call(body=SWEEP),
    ("POST", f"{API}/sweeps:preview"): Call(body=SWEEP, computes=True),
    ("GET", f"{API}/sweeps/{{sweep_id}}"): Call(),
    ("PATCH", f"{API}/sweeps/{{sweep_id}}"): Call(body={"name": "another"}),
    ("DELETE", f"{API}/sweeps/{{sweep_id}}"): Call(),
    ("POST", f"{API}/sweeps/{{sweep_id}}:pause"): Call(),
    ("POST", f"{API}/sweeps/{{sweep_id}}:resume"): Call(),
    ("POST", f"{API}/sweeps/{{sweep_id}}:cancel"): Call(),
    ("POST", f"{API}/sweeps/{{sweep_id}}:retry"): Call(),
    ("POST", f"{API}/sweeps/{{sweep_id}}:extend"): Call(body={"seeds": 1}),
    # Refused: an answer would not end.
    ("GET", f"{API}/events"): Call(query="?after=9007199254740991"),
    ("GET", f"{API}/sweeps/{{sweep_id}}/events"): Call(),
    ("GET", f"{API}/sweeps/{{sweep_id}}/export"): Call(query="?format=csv"),
    ("GET", f"{API}/sweeps/{{sweep_id}}/curves"): Call(),
    ("GET", f"{API}/sweeps/{{sweep_id}}/importance"): Call(),
    ("GET", f"{API}/sweeps/{{sweep_id}}/points"): Call(),
    ("GET", f"{API}/sweeps/{{sweep_id}}/summary"): Call(),
    ("GET", f"{API}/sweeps/{{sweep_id}}/screening"): Call(is_rare=True),
    ("GET", f"{API}/sweeps/{{sweep_id}}/comparison"): Call(query=f"?a={'a' * 64}&b={'b' * 64}"),
    ("GET", f"{API}/sweeps/{{sweep_id}}/preprocessing"): Call(),
    ("GET", f"{API}/runs"): Call(query="?sweep={sweep_id}"),
    ("GET", f"{API}/runs:complete"): Call(query="?text=state = "),
    ("GET", f"{API}/sweeps:complete"): Call(query="?text=na"),
    ("GET", f"{API}/runs/export"): Call(query="?format=csv"),
    ("GET", f"{API}/runs/{{run_id}}"): Call(),
    ("GET", f"{API}/runs/{{run_id}}/losses"): Call(),
    ("GET", f"{API}/runs/{{run_id}}/layers"): Call(),
    ("GET", f"{API}/runs/{{run_id}}/weights"): Call(),
    ("GET", f"{API}/runs/{{run_id}}/evaluation"): Call(is_rare=True),
    ("POST", f"{API}/runs/{{run_id}}:predict"): Call(body={"rows": [{}]}, computes=True),
    ("POST", f"{API}/runs/{{run_id}}:verify"): Call(),
    ("GET", f"{API}/verifications/{{verification_id}}"): Call(),
    ("GET", f"{API}/losses"): Call(query="?run_ids={run_id}"),
    ("GET", f"{API}/datasets"): Call(),
    ("POST", f"{API}/datasets"): Call(query="?name=small", content="a,b\n1,2\n2,3\n", media_type="text/csv"),
    ("GET", f"{API}/datasets/{{dataset}}"): Call(),
    ("GET", f"{API}/datasets/{{dataset}}/preview"): Call(),
    ("DELETE", f"{API}/datasets/{{dataset}}"): Call(),
    ("GET", f"{API}/workers"): Call(),
    ("POST", f"{API}/trace"): Call(body={}, computes=True),
    ("POST", f"{API}/derivatives"): Call(body={}, computes=True),
    ("POST", f"{API}/trajectories"): Call(body={}, computes=True),
    ("POST", f"{API}/keys"): Call(body={"owners": ["ann"]}, administers=True),
    ("GET", f"{API}/keys"): Call(administers=True),
    ("POST", f"{API}/keys/{{key_id}}:revoke"): Call(administers=True),
    ("GET", f"{API}/me"): Call(),
    ("GET", f"{API}/owners"): Call(administers=True),
    ("POST", f"{API}/owners/{{owner_id}}:revoke"): Call(administers=True),
    ("GET", f"{API}/audit"): Call(administers=True),
    ("GET", "/metrics"): Call(),
    ("GET", "/healthz"): Call(),
    ("GET", "/readyz"): Call(),
    ("GET", "/login"): Call(),
    ("POST", "/login"): Call(content="token=wrong", media_type="application/x-www-form-urlencoded"),
    ("POST", "/logout"): Call(computes=True),  # whoever came in may leave
    ("GET", "/static/{content_version}/{path:path}"): Call(),
    ("GET", "/"): Call(),
    ("GET", "/datasets"): Call(),
    ("GET", "/datasets/{dataset}"): Call(),
    ("GET", "/new"): Call(),
    ("GET", "/sweeps"): Call(),
    ("GET", "/system"): Call(),
    ("GET", f"{API}/system"): Call(),
    ("GET", "/learn"): Call(),
    ("GET", "/learn/backpropagation"): Call(),
    ("GET", "/learn/descent"): Call(),
    ("GET", "/learn/variables"): Call(),
    ("GET", "/sweeps/{sweep_id}"): Call(),
    ("GET", "/runs"): Call(),
    ("GET", "/compare"): Call(query="?runs={run_id}"),
    ("GET", "/runs/{run_id}"): Call(),
}


def routes_of(app: FastAPI) -> set[Route]:
    """Every method and template; HEAD comes with GET."""
    return {
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if method != "HEAD" and route.path
    }


def named(template: str) -> set[str]:
    """The parameters in a template."""
    return {name.partition(":")[0] for name in re.findall(r"{([^}]+)}", template)}


def address(route: Route, known: Mapping[str, str]) -> str:
    """Where the call of a route goes, with these identifiers."""
    text = route[1] + CALLS[route].query
    return re.sub(r"{([^}:]+)[^}]*}", lambda found: known.get(found[1], "anything"), text)


def api_calls() -> Iterator[tuple[Route, Call]]:
    """The calls of the interface, in an order in which none takes away what the next one needs."""
    order = {"GET": 0, "POST": 1, "PATCH": 2, "DELETE": 3}
    late = ("/keys", "/owners", "/logout")
    calls = [(route, call) for route, call in CALLS.items() if route[1].startswith((API, "/logout"))]
    yield from sorted(calls, key=lambda each: (order[each[0][0]], any(word in each[0][1] for word in late)))
