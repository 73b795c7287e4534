from __future__ import annotations

import pytest

from service.dispatch import Doorbell
from service.settings import Settings
from worker.upkeep import Upkeep, rings_owed


@pytest.mark.parametrize(
    ("queued", "live", "waiting", "owed"),
    [
        (0, 4, 0, 0),  # nothing to do
        (1, 4, 0, 1),  # its message was lost
        (100, 4, 0, 4),  # a worker that is rung goes on until nothing is queued
        (100, 4, 3, 1),
        (2, 4, 4, 0),  # more on their way than needed
        (100, 4, None, 0),  # the broker is down
        (100, 0, 0, 0),  # nobody would answer
    ],
)
def test_as_many_rings_are_owed_as_workers_could_answer_less_those_on_their_way(
    queued: int, live: int, waiting: int | None, owed: int
) -> None:
    assert rings_owed(queued, live, waiting) == owed


def test_a_round_over_an_empty_database_rings_nobody(broker_url: str, database_url: str) -> None:
    settings = Settings.from_environment(
        {"BACKSWEEP_BROKER_URL": broker_url, "BACKSWEEP_DATABASE_URL": database_url}
    )
    with Upkeep(settings, "w1@here") as upkeep:
        assert upkeep.round() == 0
    bell = Doorbell(broker_url)
    assert bell.waiting() == 0
    bell.close()
