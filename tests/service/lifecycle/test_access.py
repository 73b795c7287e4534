from __future__ import annotations

import pytest
from sqlalchemy import select, update

from service.lifecycle import access
from service.lifecycle.access import Caller, Scope
from service.lifecycle.owners import local_owner
from service.store.clock import now
from service.store.database import Database
from service.store.schema import ApiKey, AuditEntry, LoginSession
from tests.service.api.building import owner


def everything_stored(database: Database) -> str:
    """The tables of access as text."""
    with database.read() as session:
        tables = (LoginSession.__table__, ApiKey.__table__, AuditEntry.__table__)
        return repr([session.execute(select(table)).all() for table in tables])


def test_a_session_speaks_for_its_owner(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        secret = access.open_session(session, mine)
    with database.read() as session:
        assert access.caller_with_session(session, secret) == Caller(mine, frozenset(Scope))
        assert access.caller_with_session(session, secret + "x") is None
        assert access.caller_with_session(session, "") is None


def test_a_secret_has_256_random_bits_and_is_stored_only_as_a_hash(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        secrets = {access.open_session(session, mine) for _ in range(5)}
        key = access.create_api_key(session, mine, name="ci")
    assert len(secrets) == 5
    assert all(len(secret) == 43 for secret in secrets)  # 32 bytes in base64url (RFC 4648)
    stored = everything_stored(database)
    assert key.prefix in stored
    for secret in (*secrets, key.text, key.text.split("_", 2)[2]):
        assert secret not in stored


def test_a_closed_session_opens_nothing_and_the_others_stay(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        closed, kept = access.open_session(session, mine), access.open_session(session, mine)
        access.close_session(session, mine, closed)
    with database.read() as session:
        assert access.caller_with_session(session, closed) is None
        assert access.caller_with_session(session, kept) is not None


def test_every_session_of_an_owner_can_be_closed_at_once_and_no_other_owners(database: Database) -> None:
    with database.write() as session:
        mine, theirs = local_owner(session), owner(session, "somebody else")
        closed = [access.open_session(session, mine) for _ in range(3)]
        kept = access.open_session(session, theirs)
        access.close_every_session(session, mine)
        access.close_session(session, mine, kept)
    with database.read() as session:
        assert [access.caller_with_session(session, secret) for secret in closed] == [None] * 3
        assert access.caller_with_session(session, kept) == Caller(theirs)


def test_a_session_ends_after_30_days(database: Database) -> None:
    with database.write() as session:
        secret = access.open_session(session, local_owner(session))
        row = session.execute(select(LoginSession.created_at, LoginSession.expires_at)).one()
    assert row.expires_at - row.created_at == pytest.approx(30 * 86_400_000, abs=1000)
    with database.write() as session:
        session.execute(update(LoginSession).values(expires_at=now() - 1))
        assert access.caller_with_session(session, secret) is None


def test_sessions_that_have_ended_are_cleared_away_at_the_next_login(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        access.open_session(session, mine)
        session.execute(update(LoginSession).values(expires_at=now() - 1))
        access.open_session(session, mine)
        assert len(session.scalars(select(LoginSession)).all()) == 1


def test_a_key_has_the_scopes_that_it_was_given(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        key = access.create_api_key(session, mine, name="reader", scopes=[Scope.READ])
        assert access.caller_with_key(session, key.text) == Caller(mine, frozenset({Scope.READ}))
        assert key.text.startswith(f"bs_{key.prefix}_")


def test_what_is_not_exactly_the_key_opens_nothing(database: Database) -> None:
    with database.write() as session:
        text = access.create_api_key(session, local_owner(session), name="ci").text
        changed = [text[:-1], text + "x", text.upper(), text[3:], f" {text}", text.replace("_", "-", 1)]
        malformed = [
            "",
            "_",
            "bs",
            "bs_",
            "bs__",
            "bs_%_x",
            "xx_a_b",
            "bs_\x00_x",
            "bs_é_x",
            "bs_" + "a" * 9999,
        ]
        for given in changed + malformed:
            assert access.caller_with_key(session, given) is None, given


def test_a_key_without_any_true_scope_may_do_nothing(database: Database) -> None:
    with database.write() as session:
        key = access.create_api_key(session, local_owner(session), name="ci")
        session.execute(update(ApiKey).values(scopes={"read": "yes", "submit": 1}))
        caller = access.caller_with_key(session, key.text)
        assert caller is not None
        assert caller.scopes == frozenset()


def test_a_key_ends_when_its_lifetime_does(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        lasting = access.create_api_key(session, mine, name="lasting", lifetime_seconds=3600)
        ended = access.create_api_key(session, mine, name="ended", lifetime_seconds=0)
    with database.read() as session:
        assert access.caller_with_key(session, lasting.text) is not None
        assert access.caller_with_key(session, ended.text) is None


def test_only_its_owner_revokes_a_key_and_only_once(database: Database) -> None:
    with database.write() as session:
        mine, theirs = local_owner(session), owner(session, "somebody else")
        key = access.create_api_key(session, mine, name="ci")
        assert not access.revoke_api_key(session, theirs, key.prefix)
        assert access.caller_with_key(session, key.text) is not None
        assert access.revoke_api_key(session, mine, key.prefix)
        assert not access.revoke_api_key(session, mine, key.prefix)
        assert access.caller_with_key(session, key.text) is None


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(database: Database) -> None:
    with database.write() as session:
        key = access.create_api_key(session, local_owner(session), name="ci")
        assert access.key_use_is_stale(session, key.text)
        access.note_key_use(session, key.text)
        assert not access.key_use_is_stale(session, key.text)
        session.execute(update(ApiKey).values(last_used_at=now() - 61_000))
        assert access.key_use_is_stale(session, key.text)


def test_the_audit_says_who_did_what_and_with_which_result(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        secret = access.open_session(session, mine, request_id="r-1")
        access.close_session(session, mine, secret, request_id="r-2")
        key = access.create_api_key(session, mine, name="ci")
        access.revoke_api_key(session, mine, key.prefix)
        access.revoke_api_key(session, mine, "unknown")
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.object_id, entry.result, entry.request_id) for entry in entries] == [
        ("login", None, "done", "r-1"),
        ("logout", None, "done", "r-2"),
        ("create-key", key.prefix, "done", None),
        ("revoke-key", key.prefix, "done", None),
        ("revoke-key", "unknown", "not found", None),
    ]
    assert {entry.owner_id for entry in entries} == {mine}


def test_two_secrets_are_the_same_only_if_they_are_equal_and_not_empty() -> None:
    assert access.same_secret("é\udce9", "é\udce9")
    assert not access.same_secret("a", "b")
    assert not access.same_secret("", "")
