"""Small submissions of many requests are stored by one thread, the others in the pool; none is lost."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import func, select

from service.api.intake import MOST_BYTES, MOST_TOGETHER, SIBLINGS, Intake
from service.errors import InvalidSubmission
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted
from service.lifecycle.submit_together import Offer, submit_together
from service.planning.sweep_file import JSON, YAML
from service.store.database import Database
from service.store.schema import Sweep
from tests.servers.waiting import PATIENCE

BODY = {"dataset": "iris", "seeds": 1, "baselines": False, "parameters": {"epochs": 1}}


@pytest.fixture
def intake(database: Database) -> Iterator[Intake]:
    intake = Intake(database)
    yield intake
    intake.close()


async def _submit(
    intake: Intake, database: Database, body: bytes, media_type: str = JSON, key: str | None = None
) -> Submitted:
    return await intake.submit(
        database,
        owner_id=database.run(local_owner),
        body=body,
        media_type=media_type,
        idempotency_key=key,
        max_runs=1_000,
        most_memory=2**30,
        limits=None,
    )


def _named(name: str, **changes: object) -> bytes:
    return json.dumps({"name": name, **BODY, **changes}).encode()


def _stored(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Sweep)) or 0


def test_all_that_come_at_once_are_stored(intake: Intake, database: Database) -> None:
    async def all_of_them() -> list[Submitted]:
        return await asyncio.gather(*(_submit(intake, database, _named(f"n{n}")) for n in range(70)))

    found = asyncio.run(all_of_them())
    assert len({each.public_id for each in found}) == 70
    assert _stored(database) == 70


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (_named("long") + b" " * MOST_BYTES, JSON),
        (b"dataset: iris\nseeds: 1\nparameters: {epochs: 1}\n", YAML),
        (_named("large", parameters={"learning_rate": {"min": 0.1, "max": 1, "count": 101}}), JSON),
    ],
    ids=["long", "YAML", "large"],
)
def test_what_takes_longer_is_stored_as_well(
    intake: Intake, database: Database, body: bytes, media_type: str
) -> None:
    assert not asyncio.run(_submit(intake, database, body, media_type)).replayed
    assert _stored(database) == 1


def test_faults_are_told_and_keys_are_answered(intake: Intake, database: Database) -> None:
    with pytest.raises(InvalidSubmission, match="learning_rat"):
        asyncio.run(_submit(intake, database, _named("odd", parameters={"learning_rat": 1})))
    first = asyncio.run(_submit(intake, database, _named("one"), key="k"))
    again = asyncio.run(_submit(intake, database, _named("one"), key="k"))
    assert (again.public_id, again.replayed) == (first.public_id, True)
    with pytest.raises(InvalidSubmission, match="another body"):
        asyncio.run(_submit(intake, database, _named("two"), key="k"))


def test_what_came_before_the_end_is_stored_and_what_comes_after_it_too(
    intake: Intake, database: Database
) -> None:
    asyncio.run(_submit(intake, database, _named("first")))

    async def end_meanwhile() -> list[Submitted]:
        coming = [asyncio.ensure_future(_submit(intake, database, _named(f"n{n}"))) for n in range(3)]
        await asyncio.sleep(0)  # they stand in the queue
        await asyncio.to_thread(intake.close)
        return await asyncio.gather(*coming, _submit(intake, database, _named("late")))

    assert len(asyncio.run(end_meanwhile())) == 4
    assert _stored(database) == 5


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were stored together, each time."""
    together: list[int] = []

    def counted(database: Database, offers: Sequence[Offer]) -> list[Submitted | Exception | None]:
        together.append(len(offers))
        return submit_together(database, offers)

    monkeypatch.setattr("service.api.intake.submit_together", counted)
    return together


def test_what_comes_in_one_turn_of_the_loop_is_handed_over_together(
    intake: Intake, database: Database, together: list[int]
) -> None:
    asyncio.run(_submit(intake, database, _named("first")))
    together.clear()

    async def all_of_them(names: Sequence[str]) -> None:
        await asyncio.gather(*(_submit(intake, database, _named(name)) for name in names))

    asyncio.run(all_of_them([f"n{number}" for number in range(20)]))
    asyncio.run(all_of_them([f"m{number}" for number in range(MOST_TOGETHER + 6)]))
    assert together == [20, MOST_TOGETHER, 6]


@pytest.mark.parametrize(
    ("clients", "patience", "expected"),
    [
        (SIBLINGS, 1_000, [SIBLINGS, SIBLINGS]),  # which is some seconds, longer than they take
        (SIBLINGS, 0, [SIBLINGS, *[1] * SIBLINGS]),
        (SIBLINGS - 2, 1_000, [SIBLINGS - 2, *[1] * (SIBLINGS - 2)]),
    ],
    ids=["several", "no patience", "too few"],
)
def test_those_that_were_answered_together_are_waited_for(
    intake: Intake,
    database: Database,
    together: list[int],
    monkeypatch: pytest.MonkeyPatch,
    clients: int,
    patience: float,
    expected: list[int],
) -> None:
    asyncio.run(_submit(intake, database, _named("first")))
    together.clear()
    time.sleep(0.05)  # until nobody is waited for
    monkeypatch.setattr("service.api.intake.PATIENCE", patience)

    async def come_again_one_by_one() -> None:
        await asyncio.gather(*(_submit(intake, database, _named(f"n{n}")) for n in range(clients)))
        coming = []
        for number in range(clients):
            coming.append(asyncio.ensure_future(_submit(intake, database, _named(f"m{number}"))))
            if len(expected) > 2:
                await coming[-1]  # whoever is not waited for has gone by now
            else:
                await asyncio.sleep(0.01)
        await asyncio.gather(*coming)

    asyncio.run(come_again_one_by_one())
    assert together == expected
    assert _stored(database) == 1 + 2 * clients


def test_an_end_is_not_waited_for(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.intake.PATIENCE", 1_000_000)

    async def some() -> None:
        await asyncio.gather(*(_submit(intake, database, _named(f"n{n}")) for n in range(SIBLINGS)))

    asyncio.run(some())
    closing = threading.Thread(target=intake.close)
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert _stored(database) == SIBLINGS


def test_what_is_not_handed_over_when_the_end_comes_is_stored_by_itself(
    intake: Intake, database: Database
) -> None:
    async def end_meanwhile() -> Submitted:
        coming = asyncio.ensure_future(_submit(intake, database, _named("first")))
        await asyncio.sleep(0)  # it waits for the end of the turn
        intake.close()
        return await coming

    assert asyncio.run(end_meanwhile()).view is not None
    assert _stored(database) == 1


def test_a_request_that_gave_up_waiting_harms_nobody(intake: Intake, database: Database) -> None:
    asyncio.run(_submit(intake, database, _named("first")))

    async def give_up() -> Submitted:
        gone = asyncio.ensure_future(_submit(intake, database, _named("gone")))
        await asyncio.sleep(0)
        gone.cancel()
        return await _submit(intake, database, _named("still here"))

    assert asyncio.run(give_up()).view is not None
