"""Short writers that are killed at random moments: `python -m tests.chaos.writers URL KILLS SEED`.

One process imports everything and forks the writers, which then begin to write at once. Each claims, records
a few epochs and hands back, with the product's own functions; nothing is trained.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from service.errors import LeaseLost
from service.lifecycle.claim import claim_population
from service.lifecycle.give_back import give_back
from service.lifecycle.record import record
from service.lifecycle.requeue import requeue_expired
from service.store.database import Database
from tests.chaos.pretended import PretendedWorker

WRITERS = 3
LEASE_SECONDS = 0.05
LONGEST_LIFE = 0.12  # seconds


def write_until_killed(url: str, seed: int) -> None:
    """Do a worker's transactions one after the other; a lost lease is as good an end as any."""
    database, chance = Database(url), random.Random(seed)  # noqa: S311 - repeatable on purpose
    while True:
        database.run(requeue_expired)
        claim = database.run(
            lambda session: claim_population(
                session, worker=f"w{os.getpid()}", environment_class="e" * 64, lease_seconds=LEASE_SECONDS
            )
        )
        if claim is None:
            continue
        worker = PretendedWorker(claim)
        try:
            for _ in range(chance.randrange(4)):
                batch = worker.advance(1, checkpoint=True)
                database.run(
                    lambda session: record(session, claim, batch, lease_seconds=LEASE_SECONDS)  # noqa: B023
                )
            database.run(lambda session: give_back(session, claim))  # noqa: B023
        except LeaseLost:
            continue


def main(url: str, kills: int, seed: int) -> None:
    """Keep a few writers alive, and kill one after the other."""
    chance = random.Random(seed)  # noqa: S311
    alive: list[int] = []
    for number in range(kills + WRITERS):
        process = os.fork()
        if process == 0:
            write_until_killed(url, seed + number)
        alive.append(process)
        if len(alive) > WRITERS or number >= kills:
            time.sleep(chance.uniform(0, LONGEST_LIFE))
            victim = alive.pop(chance.randrange(len(alive)))
            os.kill(victim, signal.SIGKILL)
            os.waitpid(victim, 0)
    for process in alive:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
