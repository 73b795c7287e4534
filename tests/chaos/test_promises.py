"""A request that is repeated under its key makes one sweep, however it is repeated."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from service.errors import InvalidSubmission
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted, submit
from service.store.database import Database
from service.store.schema import Run, Sweep
from tests.chaos.alone import SWEEP

BODY = json.dumps(SWEEP).encode()
AT_ONCE = 12


def test_equal_requests_at_one_time_make_one_sweep(database_url: str) -> None:
    database = Database(database_url)
    owner = database.run(local_owner)

    def ask(_number: int) -> Submitted:
        own = Database(database_url)  # as another process would
        try:
            return submit(own, owner_id=owner, body=BODY, idempotency_key="k", max_runs=100)
        finally:
            own.dispose()

    with ThreadPoolExecutor(AT_ONCE) as clients:
        answers = list(clients.map(ask, range(AT_ONCE)))
    assert len({answer.public_id for answer in answers}) == 1
    assert [answer.replayed for answer in answers].count(False) == 1
    with database.read() as session:
        assert session.scalar(select(func.count(Sweep.id))) == 1
        assert session.scalar(select(func.count(Run.id))) == 4
    database.dispose()


def test_what_was_accepted_once_is_answered_whatever_the_limits_are_by_now(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    owner = database.run(local_owner)
    first = submit(database, owner_id=owner, body=BODY, idempotency_key="k", max_runs=100)
    again = submit(database, owner_id=owner, body=BODY, idempotency_key="k", max_runs=1)
    assert (again.public_id, again.replayed) == (first.public_id, True)
    with pytest.raises(InvalidSubmission, match="another body"):
        submit(database, owner_id=owner, body=BODY + b" ", idempotency_key="k", max_runs=100)
    with pytest.raises(InvalidSubmission):
        submit(database, owner_id=owner, body=BODY, idempotency_key="other", max_runs=1)
    database.dispose()
