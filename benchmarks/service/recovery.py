"""From a worker's death to its population running again, under a new lease."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import psutil
from sqlalchemy import select

from benchmarks.service import sweeps
from benchmarks.service.others import Others
from benchmarks.service.site import Site, running, training_process, wait_until
from benchmarks.tables import markdown
from service.store.schema import PopulationRow, Sweep

KILLS_PER_SITE = 5
TRAINING_PROCESS, WHOLE_WORKER = "training process", "whole worker"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Seconds from each SIGKILL to the next claim."""

    killed: str
    lease_seconds: float
    seconds: tuple[float, ...]


def measure(
    killed: str, *, kills: int, lease_seconds: float, workers: int, postgres: bool, others: Others
) -> Recovery:
    """Kill the worker that has the only population, at a random moment between two records, again and again.

    Each kill is a new sweep's, because a population that is lost twice is split; and a site sees a few kills
    only, because it restarts a worker ever more slowly.
    """
    dice = random.Random(0)  # noqa: S311 - moments, not secrets
    record_seconds = min(1.0, lease_seconds / 3)
    settings = {
        "BACKSWEEP_LEASE_SECONDS": f"{lease_seconds:g}",
        "BACKSWEEP_RECORD_SECONDS": f"{record_seconds:g}",
    }
    seconds: list[float] = []
    while len(seconds) < kills:
        with running(workers=workers, postgres=postgres, settings=settings) as site:
            for _ in range(min(KILLS_PER_SITE, kills - len(seconds))):
                wait_until(site.at_rest, "every worker is back and idle")
                sweep = site.submit(sweeps.endless())
                wait_until(lambda: _lease(site, sweep)[1], "the run is recorded")  # noqa: B023 - asked now
                time.sleep(dice.uniform(0, record_seconds))
                seconds.append(_kill_and_wait(site, sweep, killed, others))
                site.cancel(sweep)
    return Recovery(killed, lease_seconds, tuple(seconds))


def table(cases: Sequence[Recovery]) -> str:
    """One row for each way to die."""
    rows = [
        (
            f"{case.killed}, lease of {case.lease_seconds:g} s",
            str(len(case.seconds)),
            f"{median(case.seconds):.2f} s",
            f"{max(case.seconds):.2f} s",
        )
        for case in cases
    ]
    return markdown(("killed", "times", "median", "largest"), rows)


def _kill_and_wait(site: Site, sweep: str, killed: str, others: Others) -> float:
    before, _, owner = _lease(site, sweep)
    worker = site.worker_process(owner)
    trainer = training_process(worker)
    if killed == WHOLE_WORKER:
        used = trainer.cpu_times()
        others.unseen += used.user + used.system  # it dies with its parent, and nobody waits for it
    victim: psutil.Process = worker if killed == WHOLE_WORKER else trainer
    began = time.monotonic()
    victim.kill()
    wait_until(lambda: _lease(site, sweep)[0] > before, "the population runs again")
    return time.monotonic() - began


def _lease(site: Site, sweep: str) -> tuple[int, int, str]:
    """The population's fencing token, the epoch it has reached, and who has it."""
    with site.database.read() as session:
        token, epoch, owner = session.execute(
            select(PopulationRow.fencing_token, PopulationRow.epoch, PopulationRow.lease_owner)
            .join(Sweep, Sweep.id == PopulationRow.sweep_id)
            .where(Sweep.public_id == sweep)
        ).one()
    # The token rises when the lease is freed, and again when the next worker claims.
    return (token if owner else 0), epoch, owner or ""
