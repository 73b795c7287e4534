"""Every route, as a stranger to what is there, with each scope, and with bodies that mean harm."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from service.lifecycle.access import Scope
from service.lifecycle.api_keys import Grant, create_keys
from service.lifecycle.owners import local_owner
from service.lifecycle.verify import verify_run
from service.store.database import Database
from service.store.schema import Dataset, Owner, Run, Sweep, metadata
from tests.service.api.fuzz.stored import client_of, copy_of, settings_over
from tests.service.api.gate.sample_calls import (
    API,
    CALLS,
    OWNED,
    Route,
    address,
    api_calls,
    named,
    routes_of,
)
from tests.service.training import trained

UNTOUCHED = ("audit", "api_keys", "key_requests")  # written by the gate itself


@dataclass(frozen=True)
class Site:
    """The application over a store with one owner's things, and keys of several kinds."""

    client: TestClient
    database: Database
    known: Mapping[str, str]
    keys: Mapping[str, str]

    def ask(self, route: Route, key: str | None = None, **more: Any) -> Any:
        """The answer to the sample call of a route; without a key, the token asks."""
        call = CALLS[route]
        headers = {"Content-Type": call.media_type} if call.body is not None or call.content else {}
        headers |= {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        content = call.content if call.body is None else json.dumps(call.body)
        given: dict[str, Any] = {"content": content} | more
        headers |= given.pop("headers", {})
        return self.client.request(route[0], address(route, self.known), headers=headers, **given)

    def stored(self) -> dict[str, Any]:
        """Everything in the store but what the gate writes."""
        with self.database.read() as session:
            return {
                table.name: session.execute(select(table)).all()
                for table in metadata.sorted_tables
                if table.name not in UNTOUCHED
            }


@pytest.fixture
def site(sqlite_template: Path, tmp_path: Path) -> Iterator[Site]:
    url = copy_of(sqlite_template, tmp_path)
    database = Database(url)
    runs = trained(
        database, tmp_path, dataset="iris", parameters={"epochs": 2, "hidden_layers": {"value": [2]}}
    )
    with database.write() as session:
        verification = verify_run(session, local_owner(session), runs[0])
        known = {
            "sweep_id": session.scalars(select(Sweep.public_id)).one(),
            "run_id": session.scalars(select(Run.public_id)).first() or "",
            "dataset": session.scalars(select(Dataset.public_id)).one(),
            "verification_id": verification,
        }
        keys = {}
        for name, owner, scopes in (
            ("reads", "local", [Scope.READ]),
            ("submits", "local", [Scope.READ, Scope.SUBMIT]),
            ("administers", "local", [Scope.ADMIN]),
            ("another", "ben", [Scope.READ, Scope.SUBMIT]),
        ):
            (key,) = create_keys(session, [owner], Grant(scopes=frozenset(scopes)))
            keys[name] = key.text
        (victim,) = create_keys(session, ["victim"], Grant())
        known["key_id"] = victim.prefix
        known["owner_id"] = session.scalars(select(Owner.public_id).where(Owner.name == "victim")).one()
    with client_of(settings_over(url, tmp_path)) as client:
        yield Site(client, database, known, keys)
    database.dispose()


def test_every_route_has_a_sample_call_and_every_sample_call_a_route(site: Site) -> None:
    assert routes_of(site.client.app) == set(CALLS)  # type: ignore[arg-type]


def test_what_is_anothers_is_not_there_and_nothing_of_it_changes(site: Site) -> None:
    before = site.stored()
    asked = 0
    for route, call in api_calls():
        if named(route[1] + call.query) & OWNED:
            asked += 1
            assert site.ask(route, "another").status_code == 404, route
    assert asked > 20
    assert site.stored() == before
    for route in (("GET", f"{API}/sweeps"), ("GET", f"{API}/runs")):
        answer = site.client.get(route[1], headers={"Authorization": f"Bearer {site.keys['another']}"})
        assert answer.json()["items"] == []


def test_the_owner_finds_what_others_do_not_and_each_change_is_in_the_audit(site: Site) -> None:
    for number, (route, call) in enumerate(api_calls()):
        name = f"request-{number}"
        answer = site.ask(route, headers={"X-Request-Id": name})
        refused = (401, 403, 405, 500) if call.is_rare else (401, 403, 404, 405, 500)
        assert answer.status_code not in refused, (route, answer.text)
        if route[0] != "GET" and not call.computes and answer.status_code < 300:
            rows = site.client.get(f"{API}/audit?limit=5").json()["items"]
            assert [row["result"] for row in rows if row["request_id"] == name] == ["done"], route
            if answer.status_code == 201 and "id" in answer.json():
                assert [row["object"] for row in rows if row["request_id"] == name] == [answer.json()["id"]]


def test_a_key_that_only_reads_changes_nothing(site: Site) -> None:
    before = site.stored()
    for route, call in api_calls():
        status = site.ask(route, "reads").status_code
        may = not call.administers and (route[0] == "GET" or call.computes)
        assert (status == 403) == (not may), (route, status)
    assert site.stored() == before


def test_a_key_that_submits_does_not_administer_and_one_that_administers_does_not_look(site: Site) -> None:
    for route, call in api_calls():
        if call.administers:
            assert site.ask(route, "submits").status_code == 403, route
        else:
            assert site.ask(route, "administers").status_code == 403, route


HOSTILE = {
    "NaN": b'{"x": NaN}',
    "Infinity": b'{"x": [-Infinity]}',
    "1e400": b'{"x": 1e400}',
    "2^64": b'{"x": 18446744073709551616}',
    "5,000 digits": b'{"x": ' + b"9" * 5_000 + b"}",
    "lone surrogate": b'{"x": "\\ud800"}',
    "surrogate as a name": b'{"\\udfff": 1}',
    "NUL": b'{"x": "a\\u0000"}',
    "direction override": b'{"x": "\\u202e"}',
    "doubled name": b'{"x": 1, "x": 2}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "bad UTF-8": b'{"x": "\xff"}',
    "depth 900": b'{"x": ' + b"[" * 900 + b"]" * 900 + b"}",
    "depth 100,000": b"[" * 100_000,
    "no object": b"[]",
    "nothing": b"",
    "two documents": b"{}{}",
}


def body_routes(site: Site) -> list[Route]:
    """The routes whose OpenAPI text says that they take JSON."""
    paths = site.client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]


def test_a_body_that_means_harm_is_refused_by_every_route_that_takes_one(site: Site) -> None:
    before = site.stored()
    routes = body_routes(site)
    assert len(routes) >= 9
    for route in routes:
        for name, content in HOSTILE.items():
            answer = site.ask(route, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 422, (route, name, answer.text)
            assert answer.json()["errors"], (route, name)
            assert len(answer.content) < 10_000
    assert site.stored() == before


def test_a_body_that_is_too_long_is_refused_before_it_is_read_whole(site: Site) -> None:
    def pieces(sent: list[int]) -> Iterator[bytes]:
        for _ in range(200):
            sent.append(65_536)
            yield b" " * 65_536

    for route in body_routes(site):
        headers = {"Content-Type": "application/json"}
        assert site.ask(route, content=b" " * 1_100_000, headers=headers).status_code == 413, route
        assert site.ask(route, content=pieces([]), headers=headers).status_code == 413, route


def test_a_form_another_type_or_a_foreign_page_changes_nothing(site: Site) -> None:
    before = site.stored()
    for route, call in api_calls():
        if route[0] == "GET":
            continue
        foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert site.ask(route, headers=foreign).status_code == 403, route
        assert site.ask(route, headers={"Host": "evil.example"}).status_code == 400, route
        if call.body is not None:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            assert site.ask(route, headers=form).status_code == 415, route
    assert site.stored() == before


def test_the_headers_that_bound_a_browser_are_on_every_answer(site: Site) -> None:
    for route in CALLS:
        if route == ("GET", f"{API}/sweeps/{{sweep_id}}/events"):
            continue
        for more in ({}, {"Host": "evil.example"}, {"Authorization": "Bearer no"}):
            answer = site.ask(route, headers=more)
            assert answer.headers["x-content-type-options"] == "nosniff", route
            assert "default-src 'self'" in answer.headers["content-security-policy"], route
            assert answer.headers["x-request-id"], route


def test_nothing_but_the_gate_writes_the_tables_that_are_left_out(site: Site) -> None:
    assert set(UNTOUCHED) < {table.name for table in metadata.sorted_tables}
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(metadata.tables["runs"]))
