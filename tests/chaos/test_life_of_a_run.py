"""The invariants of a run's life under random sequences of what can happen to it, on both databases."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from service.store.database import Database
from tests.chaos.life import life_in

# Repeatable and short in `make test`; CHAOS_EXAMPLES asks for a longer search, with other examples each time
# and the shortest story that fails.
EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES", "0"))
SEARCH = settings(
    max_examples=EXAMPLES or 14,
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    database=None,
    phases=tuple(Phase) if EXAMPLES else (Phase.generate,),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_invariants_hold_whatever_happens(database_url: str) -> None:
    database = Database(database_url)
    try:
        run_state_machine_as_test(life_in(database), settings=SEARCH)
    finally:
        database.dispose()
