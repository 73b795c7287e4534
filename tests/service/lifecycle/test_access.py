from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from service.errors import Conflict, NotFound
from service.lifecycle import access
from service.lifecycle.access import Caller, Scope
from service.lifecycle.api_keys import create_api_key, revoke_key
from service.lifecycle.audit import Deed
from service.lifecycle.owners import find_or_make_owner, local_owner, revoke_owner
from service.store.clock import now
from service.store.database import Database
from service.store.schema import ApiKey, AuditEntry, LoginSession, Owner
from tests.service.api.building import owner


def everything_stored(database: Database) -> str:
    """The tables of access as text."""
    with database.read() as session:
        tables = (LoginSession.__table__, ApiKey.__table__, AuditEntry.__table__)
        return repr([session.execute(select(table)).all() for table in tables])


def test_a_session_speaks_for_its_owner(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        secret = access.open_session(session, Caller(mine))
    with database.read() as session:
        assert access.caller_with_session(session, secret) == Caller(mine, frozenset(Scope), "session")
        assert access.caller_with_session(session, secret + "x") is None
        assert access.caller_with_session(session, "") is None


def test_a_secret_has_256_random_bits_and_is_stored_only_as_a_hash(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        secrets = {access.open_session(session, Caller(mine)) for _ in range(5)}
        key = create_api_key(session, mine, name="ci")
    assert len(secrets) == 5
    assert all(len(secret) == 43 for secret in secrets)  # 32 bytes in base64url (RFC 4648)
    stored = everything_stored(database)
    assert key.prefix in stored
    for secret in (*secrets, key.text, key.text.split("_", 2)[2]):
        assert secret not in stored


def test_a_closed_session_opens_nothing_and_the_others_stay(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        closed, kept = access.open_session(session, Caller(mine)), access.open_session(session, Caller(mine))
        access.close_session(session, mine, closed)
    with database.read() as session:
        assert access.caller_with_session(session, closed) is None
        assert access.caller_with_session(session, kept) is not None


def test_every_session_of_an_owner_can_be_closed_at_once_and_no_other_owners(database: Database) -> None:
    with database.write() as session:
        mine, theirs = local_owner(session), owner(session, "somebody else")
        closed = [access.open_session(session, Caller(mine)) for _ in range(3)]
        kept = access.open_session(session, Caller(theirs))
        access.close_every_session(session, mine)
        access.close_session(session, mine, kept)
    with database.read() as session:
        assert [access.caller_with_session(session, secret) for secret in closed] == [None] * 3
        assert access.caller_with_session(session, kept) == Caller(theirs, credential="session")


def test_a_session_ends_after_30_days(database: Database) -> None:
    with database.write() as session:
        secret = access.open_session(session, Caller(local_owner(session)))
        row = session.execute(select(LoginSession.created_at, LoginSession.expires_at)).one()
    assert row.expires_at - row.created_at == pytest.approx(30 * 86_400_000, abs=1000)
    with database.write() as session:
        session.execute(update(LoginSession).values(expires_at=now() - 1))
        assert access.caller_with_session(session, secret) is None


def test_sessions_that_have_ended_are_cleared_away_at_the_next_login(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        access.open_session(session, Caller(mine))
        session.execute(update(LoginSession).values(expires_at=now() - 1))
        access.open_session(session, Caller(mine))
        assert len(session.scalars(select(LoginSession)).all()) == 1


def test_a_key_has_the_scopes_that_it_was_given(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        key = create_api_key(session, mine, name="reader", scopes=[Scope.READ])
        assert access.caller_with_key(session, key.text) == Caller(
            mine, frozenset({Scope.READ}), f"key {key.prefix}"
        )
        assert key.text.startswith(f"bs_{key.prefix}_")


def test_what_is_not_exactly_the_key_opens_nothing(database: Database) -> None:
    with database.write() as session:
        text = create_api_key(session, local_owner(session), name="ci").text
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
        key = create_api_key(session, local_owner(session), name="ci")
        session.execute(update(ApiKey).values(scopes={"read": "yes", "submit": 1}))
        caller = access.caller_with_key(session, key.text)
        assert caller is not None
        assert caller.scopes == frozenset()


def test_a_key_ends_when_its_lifetime_does(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        lasting = create_api_key(session, mine, name="lasting", lifetime_seconds=3600)
        ended = create_api_key(session, mine, name="ended", lifetime_seconds=0)
    with database.read() as session:
        assert access.caller_with_key(session, lasting.text) is not None
        assert access.caller_with_key(session, ended.text) is None


def test_a_revoked_key_opens_nothing_and_stays_revoked(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        key, kept = (create_api_key(session, mine, name="ci") for _ in range(2))
        revoke_key(session, key.prefix)
        at = session.scalar(select(ApiKey.revoked_at).where(ApiKey.prefix == key.prefix))
        revoke_key(session, key.prefix)
        assert session.scalar(select(ApiKey.revoked_at).where(ApiKey.prefix == key.prefix)) == at
        assert access.caller_with_key(session, key.text) is None
        assert access.caller_with_key(session, kept.text) is not None
        with pytest.raises(NotFound, match="there is no key 000000000000"):
            revoke_key(session, "000000000000")


def test_a_session_that_was_opened_with_a_key_has_its_scopes_and_ends_with_it(database: Database) -> None:
    with database.write() as session:
        key = create_api_key(session, local_owner(session), name="ci", scopes=[Scope.READ])
        caller = access.caller_with_key(session, key.text)
        assert caller is not None
        secret = access.open_session(session, caller)
        found = access.caller_with_session(session, secret)
        assert found is not None
        assert (found.scopes, found.owner_id) == (frozenset({Scope.READ}), caller.owner_id)
        assert found.key is not None
        revoke_key(session, key.prefix)
        assert access.caller_with_session(session, secret) is None


def test_an_owner_who_is_revoked_is_shut_out_with_every_key_and_session(database: Database) -> None:
    with database.write() as session:
        theirs = owner(session, "somebody else")
        key = create_api_key(session, theirs, name="ci")
        secret = access.open_session(session, Caller(theirs))
        public_id = session.scalars(select(Owner.public_id).where(Owner.id == theirs)).one()
        revoke_owner(session, public_id)
        assert access.caller_with_key(session, key.text) is None
        assert access.caller_with_session(session, secret) is None
        with pytest.raises(Conflict, match="has been revoked"):
            find_or_make_owner(session, "somebody else")


def test_the_owner_of_the_services_own_token_cannot_be_revoked(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
        public_id = session.scalars(select(Owner.public_id).where(Owner.id == mine)).one()
        with pytest.raises(Conflict, match="local owner"):
            revoke_owner(session, public_id)


def test_the_use_of_a_key_is_noted_at_most_once_a_minute(database: Database) -> None:
    def is_stale() -> bool:
        caller = access.caller_with_key(session, key.text)
        assert caller is not None
        assert caller.key is not None
        return caller.key.use_is_stale

    with database.write() as session:
        key = create_api_key(session, local_owner(session), name="ci")
        assert is_stale()
        access.note_key_use(session, session.scalars(select(ApiKey.id)).one())
        assert not is_stale()
        session.execute(update(ApiKey).values(last_used_at=now() - 61_000))
        assert is_stale()


def test_a_deed_is_noted_once_and_with_its_transaction_or_not_at_all(database: Database) -> None:
    with database.write() as session:
        mine = local_owner(session)
    noting = database.with_note(Deed("cancel", mine, "token", object_id="s_1", request_id="r-1"))
    with pytest.raises(IntegrityError), noting.write() as session:
        session.execute(update(Owner).values(name=None))
    assert entries(database) == []
    for _ in range(2):
        with noting.write() as session:
            session.execute(update(Owner).values(revoked_at=None))
    assert entries(database) == [(mine, "token", "cancel", "s_1", "done", "r-1")]


def entries(database: Database) -> list[tuple[Any, ...]]:
    columns = ("owner_id", "credential", "action", "object_id", "result", "request_id")
    with database.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [tuple(getattr(row, column) for column in columns) for row in rows]


def test_two_secrets_are_the_same_only_if_they_are_equal_and_not_empty() -> None:
    assert access.same_secret("é\udce9", "é\udce9")
    assert not access.same_secret("a", "b")
    assert not access.same_secret("", "")
