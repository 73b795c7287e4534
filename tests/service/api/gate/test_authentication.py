from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount
from starlette.testclient import TestClient

from service.lifecycle.access import Scope, caller_with_key, open_session
from service.lifecycle.api_keys import create_api_key
from service.store.database import Database
from tests.service.api import building

# What a stranger may ask for. This list is written anew here on purpose: opening a route must be a decision
# in two places.
OPEN = {("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/login"), ("POST", "/login")}


def every_route(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path, those of mounted applications too."""
    for route in iter_route_contexts(routes):
        path = prefix + (route.path or "")
        if isinstance(route.route, Mount):
            yield "GET", f"{path}/anything"
            yield from every_route(list(route.route.routes), path)
        for method in route.methods or ():
            yield method, re.sub(r"{[^}]+}", "anything", path)


def is_open(method: str, path: str) -> bool:
    method = "GET" if method == "HEAD" else method
    return (method, path) in OPEN or (method == "GET" and path.startswith("/static/"))


def test_every_route_is_closed_to_a_stranger_but_the_short_public_list(
    app: FastAPI, stranger: TestClient
) -> None:
    seen = set(every_route(app.routes))
    assert {("POST", "/api/v1/sweeps"), ("GET", "/openapi.json"), ("GET", "/sweeps")} <= seen
    assert len(seen) > 20
    for method, path in sorted(seen):
        answer = stranger.request(method, path)
        if is_open(method, path):
            assert answer.status_code != 401 or path == "/login", (method, path)
            continue
        assert answer.status_code == 401, (method, path)
        if method != "HEAD":
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_no_way_of_writing_an_address_opens_it(app: FastAPI, stranger: TestClient) -> None:
    def ways(path: str) -> Iterator[str]:
        yield from (f"{path}/", f"/{path}", path.upper(), f"{path}%2f", f"{path};x=1", f"{path}%00")
        yield path.replace("/", "%2f", 1).replace("%2f", "/%2f", 1)
        yield "/%2e%2e" + path
        yield "/healthz/.." + path
        yield "/static/../" + path.lstrip("/")
        yield "/%73" + path.removeprefix("/s") if path.startswith("/s") else path

    for method, path in sorted(set(every_route(app.routes))):
        if is_open(method, path):
            continue
        for way in ways(path):
            for each in {method, "HEAD", "OPTIONS"}:
                answer = stranger.request(each, way)
                closed = answer.status_code == 401 or answer.headers.get("location", "").startswith("/login")
                public = is_open(each, answer.request.url.path) and answer.status_code in (404, 405)
                assert closed or public, (each, way, answer.status_code)


def test_the_walk_over_the_routes_sees_mounted_applications() -> None:
    inner = FastAPI(openapi_url=None)
    inner.get("/hidden")(lambda: None)
    app = FastAPI(openapi_url=None)
    app.mount("/mounted", inner)
    assert ("GET", "/mounted/hidden") in set(every_route(app.routes))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_an_address_that_is_not_there_is_closed_as_well(stranger: TestClient, method: str) -> None:
    for path in ("/api/v1/nothing", "/nothing", "/metrics", "/docs", "//", "/healthz/", "/static"):
        assert stranger.request(method, path).status_code == 401, path


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer bs_",
        "Bearer bs_abc_def",
        "Bearer bs__",
        "Bearer \xe9\xff",
        "Basic YTpi",
        "a-token-of-the-tests-0123456789",
        "Bearer a-token-of-the-tests-012345678",
        "Bearer a-token-of-the-tests-01234567890",
    ],
)
def test_a_wrong_secret_opens_nothing(stranger: TestClient, authorization: str) -> None:
    headers = {"Authorization": authorization.encode("latin-1")}
    assert stranger.get("/api/v1/sweeps", headers=headers).status_code == 401


def test_the_token_opens_everything(client: TestClient) -> None:
    assert client.get("/api/v1/sweeps").status_code == 200
    assert client.get("/openapi.json").status_code == 200


def test_a_wrong_token_is_not_saved_by_a_valid_cookie(stranger: TestClient) -> None:
    form = {"token": "a-token-of-the-tests-0123456789"}
    stranger.post("/login", data=form, headers={"Origin": "http://127.0.0.1:8765"})
    assert stranger.get("/api/v1/sweeps").status_code == 200
    assert stranger.get("/api/v1/sweeps", headers={"Authorization": "Bearer no"}).status_code == 401


def test_a_key_that_may_only_read_cannot_submit(stranger: TestClient, database: Database) -> None:
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "reader"), name="reads", scopes=[Scope.READ])
    headers = {"Authorization": f"Bearer {key.text}"}
    assert stranger.get("/api/v1/sweeps", headers=headers).status_code == 200
    answer = stranger.post("/api/v1/sweeps", headers=headers, json={})
    assert answer.status_code == 403
    assert "'submit'" in answer.json()["detail"]


@pytest.mark.parametrize("by", ["key", "session"])
def test_the_use_of_a_key_is_written_down(by: str, stranger: TestClient, database: Database) -> None:
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "reader"), name="reads", scopes=[Scope.READ])
        found = caller_with_key(session, key.text)
        assert found is not None
        cookie = f"backsweep_8765={open_session(session, found)}"
    shown = {"Authorization": f"Bearer {key.text}"} if by == "key" else {"Cookie": cookie}
    assert stranger.get("/api/v1/sweeps", headers=shown).status_code == 200
    with database.read() as session:
        caller = caller_with_key(session, key.text)
    assert caller is not None
    assert caller.key is not None
    assert not caller.key.use_is_stale


def test_a_browser_that_wants_a_page_is_sent_to_the_login_and_back(stranger: TestClient) -> None:
    answer = stranger.get("/sweeps/s_1?order_by=number&x=%2F", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fsweeps%2Fs_1%3Forder_by%3Dnumber%26x%3D%252F"


def test_a_browser_that_wants_data_is_told_that_it_is_a_stranger(stranger: TestClient) -> None:
    assert stranger.get("/api/v1/sweeps", headers={"Accept": "text/html"}).status_code == 401


def test_a_web_socket_is_not_let_in(stranger: TestClient) -> None:
    with pytest.raises(RuntimeError, match="only HTTP"), stranger.websocket_connect("/api/v1/sweeps"):
        pass
