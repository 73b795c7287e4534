"""A whole chaos: a quiet run to compare with, a site under a plan of faults, and the judgement."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from service.planning.statuses import FINAL_RUN_STATES
from service.store.database import Database
from service.store.schema import PopulationRow, Run
from tests.chaos.clients import SWEEPS, Clients
from tests.chaos.faults import Kind, plan
from tests.chaos.history import StoredSweep, read_history
from tests.chaos.nemesis import Nemesis
from tests.chaos.report import Report, judge
from tests.chaos.site import Site, running_site
from tests.servers.postgres import PostgresServer

STILL_SECONDS = 90.0  # a lease is lost after two; a busy machine starts a worker in some seconds
# What a storm consists of. Worker's deaths come first: they are what happens every day.
SHARES: Mapping[Kind, int] = {
    Kind.KILL_WORKER: 9,
    Kind.KILL_TRAINER: 7,
    Kind.PAUSE_WORKER: 4,
    Kind.FLUSH_BROKER: 4,
    Kind.KILL_BROKER: 3,
    Kind.STALL_BROKER: 1,
    Kind.KILL_API: 4,
}
SHARES_OF_POSTGRES = {**SHARES, Kind.STALL_DATABASE: 2, Kind.CRASH_DATABASE: 3}


def scaled(shares: Mapping[Kind, int], factor: float) -> Mapping[Kind, int]:
    """The same mixture, larger or smaller; no kind is left out."""
    return {kind: max(1, round(share * factor)) for kind, share in shares.items()}


def undisturbed(folder: Path) -> Mapping[str, StoredSweep]:
    """Each of the clients' sweeps by its name, as it ends where nothing goes wrong."""
    with running_site(folder, workers=2) as site:
        clients = Clients(site)
        for _ in SWEEPS:
            clients.submit()
        _drain(site)
        with site.database.read() as session:
            return {json.loads(sweep.submitted)["name"]: sweep for sweep in read_history(session)}


def storm(
    folder: Path,
    quiet: Mapping[str, StoredSweep],
    counts: Mapping[Kind, int],
    *,
    seed: int,
    longest_gap: float,
    postgres: PostgresServer | None = None,
    tell: Callable[[int], object] = lambda _done: None,
) -> Report:
    """Strike a site so often, let it come to rest, and judge what it has stored."""
    with running_site(folder, postgres) as site:
        clients = Clients(site)
        nemesis = Nemesis(site, clients)
        nemesis.go_through(plan(seed, counts, longest_gap=longest_gap), tell)
        _drain(site)
        with site.database.read() as session:
            report = judge(read_history(session), quiet, nemesis.strikes)
    report.wrong += nemesis.seen + clients.broken_promises()
    if report.sweeps != len(clients.accepted):
        report.wrong.append(f"{len(clients.accepted)} sweeps were promised, {report.sweeps} are stored")
    return report


def _drain(site: Site) -> None:
    """Wait until every run is over.

    Raises: AssertionError, with what stands, if for so long nothing has moved.
    """
    before, since = None, time.monotonic()
    while standing := _standing(site.database):
        if standing != before:
            before, since = standing, time.monotonic()
        assert time.monotonic() - since < STILL_SECONDS, "\n".join(
            [f"for {STILL_SECONDS:g} s nothing has moved:", *map(repr, standing), *_ends_of_logs(site)]
        )
        site.supervise()
        time.sleep(0.05)


def _standing(database: Database) -> list[tuple[Any, ...]]:
    """The populations with runs that are not over: their state, who holds them, and how far the runs are."""
    columns = (
        PopulationRow.public_id,
        PopulationRow.state,
        PopulationRow.lease_owner,
        PopulationRow.fencing_token,
        PopulationRow.leases_lost,
    )
    statement = (
        select(*columns, func.count(), func.sum(Run.epoch))
        .join(Run, Run.population_id == PopulationRow.id)
        .where(Run.state.not_in(FINAL_RUN_STATES))
        .group_by(*columns)
        .order_by(PopulationRow.public_id)
    )
    with database.read() as session:
        return [tuple(row) for row in session.execute(statement)]


def _ends_of_logs(site: Site) -> list[str]:
    return [f"{worker.name}: {worker.child.log_tail()}" for worker in site.workers]
