from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from starlette.testclient import TestClient

from service.api.routes.login import local_path
from service.lifecycle.access import Scope
from service.lifecycle.api_keys import create_api_key
from service.store.database import Database
from service.store.schema import AuditEntry, LoginSession
from tests.service.api import building
from tests.service.api.conftest import TOKEN

FROM_OUR_PAGE = {"Origin": "http://127.0.0.1:8765"}


def log_in(client: TestClient, **form: str) -> str:
    answer = client.post("/login", data={"token": TOKEN} | form, headers=FROM_OUR_PAGE)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_the_token_becomes_a_session_in_a_cookie_that_no_script_and_no_other_site_sees(
    stranger: TestClient,
) -> None:
    answer = stranger.post("/login", data={"token": TOKEN, "next": "/sweeps/s_1"}, headers=FROM_OUR_PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sweeps/s_1"
    name, _, attributes = answer.headers["set-cookie"].partition("=")
    assert name == "backsweep_8765"
    value, *rest = attributes.split("; ")
    assert {each.lower() for each in rest} == {"httponly", "samesite=strict", "path=/", "max-age=2592000"}
    assert TOKEN not in answer.headers["set-cookie"]
    assert stranger.get("/api/v1/sweeps").status_code == 200
    assert len(value) == 43


def test_the_cookie_of_another_service_on_this_host_does_no_harm(stranger: TestClient) -> None:
    log_in(stranger)
    (name, value) = next(iter(stranger.cookies.items()))
    stranger.cookies.clear()
    cookies = f'bad[name]=1; other="un"closed; =; {name}={value}; z'
    assert stranger.get("/api/v1/sweeps", headers={"Cookie": cookies}).status_code == 200


def test_the_database_does_not_know_the_cookie(stranger: TestClient, database: Database) -> None:
    log_in(stranger)
    with database.read() as session:
        (row,) = session.scalars(select(LoginSession)).all()
    assert row.secret_sha256 not in stranger.cookies.values()


@pytest.mark.parametrize(
    "token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\ud83d\ude00", "%00"]
)
def test_a_wrong_token_opens_no_session(stranger: TestClient, database: Database, token: str) -> None:
    content = f"token={token}".encode("utf-8", "surrogatepass")
    headers = {**FROM_OUR_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    answer = stranger.post("/login", content=content, headers=headers)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    with database.read() as session:
        assert session.scalars(select(LoginSession)).all() == []


def test_a_browser_with_a_wrong_token_sees_the_login_again(stranger: TestClient) -> None:
    headers = {**FROM_OUR_PAGE, "Accept": "text/html"}
    answer = stranger.post("/login", data={"token": "wrong", "next": "/sweeps?x=1"}, headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?failed=1&next=%2Fsweeps%3Fx%3D1"


def test_an_api_key_becomes_a_session_of_its_owner_with_its_scopes(
    stranger: TestClient, client: TestClient, database: Database
) -> None:
    with database.write() as session:
        reader = building.owner(session, "reader")
        key = create_api_key(session, reader, name="reads", scopes=[Scope.READ])
        public_id = building.sweep(session, reader).public_id
        building.sweep(session, building.owner(session, "local"))
    log_in(stranger, token=key.text)
    assert [each["id"] for each in stranger.get("/api/v1/sweeps").json()["items"]] == [public_id]
    refused = stranger.post(f"/api/v1/sweeps/{public_id}:cancel", headers=FROM_OUR_PAGE)
    assert refused.status_code == 403
    assert stranger.get("/api/v1/keys").status_code == 403
    client.post(f"/api/v1/keys/{key.prefix}:revoke")
    assert stranger.get("/api/v1/sweeps").status_code == 401


def test_who_may_only_read_may_still_log_out(stranger: TestClient, database: Database) -> None:
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "reader"), name="", scopes=[Scope.READ])
    log_in(stranger, token=key.text)
    assert stranger.post("/logout", headers=FROM_OUR_PAGE).status_code == 204


def test_a_login_does_not_go_on_with_a_secret_from_before(stranger: TestClient) -> None:
    log_in(stranger)
    first = dict(stranger.cookies)
    log_in(stranger)
    assert dict(stranger.cookies) != first
    stranger.cookies.clear()
    stranger.cookies.update(first)
    assert stranger.get("/api/v1/sweeps").status_code == 401


def test_guesses_have_to_wait_and_then_even_the_right_one_does(
    stranger: TestClient, database: Database
) -> None:
    for _ in range(10):
        assert stranger.post("/login", data={"token": "guess"}, headers=FROM_OUR_PAGE).status_code == 401
    for token in ("guess", TOKEN):
        answer = stranger.post("/login", data={"token": token}, headers=FROM_OUR_PAGE)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 6
    assert stranger.get("/api/v1/sweeps", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    with database.read() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == "login")).all()
    assert {(row.result, row.owner_id, row.address) for row in rows} == {("refused", None, "testclient")}
    assert len(rows) == 10


@pytest.mark.parametrize(
    "body", [b"", b"token", b"&&&", b"\xff=\xfe", b"token=" * 50, b"a=1&" * 50 + b"token=x"]
)
def test_a_form_that_is_none_is_a_wrong_token(stranger: TestClient, body: bytes) -> None:
    headers = {**FROM_OUR_PAGE, "Content-Type": "application/x-www-form-urlencoded"}
    assert stranger.post("/login", content=body, headers=headers).status_code == 401


def test_a_logout_ends_the_session_and_not_only_the_cookie(stranger: TestClient) -> None:
    log_in(stranger)
    kept = dict(stranger.cookies)
    answer = stranger.post("/logout", headers=FROM_OUR_PAGE)
    assert answer.status_code == 204
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    stranger.cookies.clear()
    stranger.cookies.update(kept)
    assert stranger.get("/api/v1/sweeps").status_code == 401


def test_a_logout_everywhere_ends_the_sessions_of_all_browsers(stranger: TestClient) -> None:
    log_in(stranger)
    first = dict(stranger.cookies)
    stranger.cookies.clear()
    log_in(stranger)
    assert stranger.post("/logout?everywhere=true", headers=FROM_OUR_PAGE).status_code == 204
    stranger.cookies.clear()
    stranger.cookies.update(first)
    assert stranger.get("/api/v1/sweeps").status_code == 401


@pytest.mark.parametrize("path", ["/", "/sweeps", "/sweeps/s_1?a=b&c=%2F", "/runs/r_1#losses"])
def test_a_login_goes_on_to_a_page_of_ours(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "sweeps",
        "//evil.com",
        "/\\evil.com",
        "\\\\evil.com",
        "http://evil.com",
        "javascript:alert(1)",
        "/\t/evil.com",
        "/\n/evil.com",
        " //evil.com",
        "/a\r\nSet-Cookie: x=y",
        "/\xe9",
    ],
)
def test_a_login_does_not_go_on_to_anything_else(path: str) -> None:
    assert local_path(path) == "/"


@given(st.text(alphabet="/\\.:@ \t\n%abc?#", max_size=12))
def test_no_text_leads_a_login_away_from_this_host(text: str) -> None:
    # What a browser does first (WHATWG URL): strip the ends, drop tabs and line ends, read \ as /.
    path = local_path(text).strip().replace("\t", "").replace("\n", "").replace("\\", "/")
    assert path.startswith("/")
    assert not path.startswith("//")
