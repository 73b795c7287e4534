"""The five measurements, each a section of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict

from benchmarks.service import large, overhead, recovery, throughput
from benchmarks.service.others import watching
from benchmarks.service.plan import Effort
from benchmarks.service.report import Section
from benchmarks.service.site import database_name
from service.machine import usable_cores
from tests.servers.postgres import NoPostgres

Measure = Callable[[Effort, bool], Section]

OFTEN = 1.0  # seconds between checkpoints, in place of the default's ten
RARELY = 10.0


def measure_overhead(effort: Effort, postgres: bool) -> Section:
    """Recording and checkpoints beside the core, in a whole run on both databases."""
    cases: list[overhead.Overhead] = []
    missing: list[str] = []
    with watching() as others:
        for on_postgres in (False, True) if effort.both_databases else (postgres,):
            try:
                for sweep, every in ((effort.reference, RARELY), (effort.long_reference, OFTEN)):
                    cases.append(
                        overhead.measure(
                            sweep, postgres=on_postgres, checkpoint_seconds=every, sweeps=effort.repeats
                        )
                    )
            except NoPostgres as reason:
                missing.append(f"overhead on PostgreSQL was not measured: {reason}")
    notes = [*missing, *overhead.notes(cases)]
    title = "Overhead of recording and checkpoints"
    return Section(title, overhead.table(cases), [asdict(case) for case in cases], notes, others.share)


def measure_rows(effort: Effort, postgres: bool) -> Section:
    """Loss rows per second of one worker and of two."""
    with watching() as others:
        cases = [
            throughput.measure_rows(effort.rows, workers=workers, postgres=postgres) for workers in (1, 2)
        ]
    title = f"Loss rows per second, {database_name(postgres)}"
    return Section(title, throughput.rows_table(cases), [asdict(case) for case in cases], [], others.share)


def measure_scaling(effort: Effort, postgres: bool) -> Section:
    """One worker beside two."""
    with watching() as others:
        scaling = throughput.measure_scaling(effort.scaling, rounds=effort.scaling_rounds, postgres=postgres)
    notes = list(throughput.scaling_notes(scaling, usable_cores()))
    title = f"One worker and two, {database_name(postgres)}"
    return Section(title, throughput.scaling_table(scaling), asdict(scaling), notes, others.share)


def measure_large(effort: Effort, postgres: bool) -> Section:
    """A sweep of thousands of runs."""
    with watching() as others:
        found = large.measure(effort.large, workers=effort.workers, postgres=postgres)
    title = f"A large sweep, {database_name(postgres)}"
    return Section(title, large.table(found), asdict(found), [], others.share)


def measure_recovery(effort: Effort, postgres: bool) -> Section:
    """From a worker's death to its population running again."""
    with watching() as others:
        cases = [
            recovery.measure(
                killed,
                kills=effort.kills,
                lease_seconds=lease,
                workers=effort.workers,
                postgres=postgres,
                others=others,
            )
            for killed, lease in (
                (recovery.TRAINING_PROCESS, effort.default_lease),
                (recovery.WHOLE_WORKER, effort.short_lease),
            )
        ]
    title = f"From a worker's death to its work going on, {database_name(postgres)}"
    return Section(title, recovery.table(cases), [asdict(case) for case in cases], [], others.share)


MEASUREMENTS: Mapping[str, Measure] = {
    "overhead": measure_overhead,
    "rows": measure_rows,
    "scaling": measure_scaling,
    "large": measure_large,
    "recovery": measure_recovery,
}
