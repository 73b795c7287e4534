from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from kombu.asynchronous import hub as kombu_hub

from tests.servers.waiting import eventually
from worker.roll_call import RollCall


def test_the_pool_is_looked_after_several_times_a_second_however_often_the_broker_returns() -> None:
    calls: list[None] = []
    worker = SimpleNamespace(pool=SimpleNamespace(maintain_pool=lambda: calls.append(None)))
    loops: Any = kombu_hub
    hub, step = loops.Hub(), RollCall(worker)
    step.register_with_event_loop(worker, hub)
    step.register_with_event_loop(worker, hub)
    assert len(hub.timer) == 1

    def called_again() -> bool:
        hub.fire_timers()
        return len(calls) >= 2

    eventually(called_again, "two looks")
    hub.close()


def test_celery_counts_it_among_the_steps_that_it_tells_of_the_event_loop() -> None:
    worker = SimpleNamespace(steps=[])
    step = RollCall(worker)
    step.include(worker)
    assert worker.steps == [step]
