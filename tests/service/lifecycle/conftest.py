"""A small sweep, written straight into the store: the life of a run is tested without training anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from service.lifecycle.claim import Claim, claim_population
from service.lifecycle.owners import local_owner
from service.planning.measurements import Measurement
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import ConfigurationRow, Owner, PopulationRow, Run, Sweep

LEASE_SECONDS = 30.0
EPOCHS = 3


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def stored(database: Database) -> Callable[..., str]:
    """Write a queued sweep with populations of the given sizes; answers its public id."""

    def store(*sizes: int, owner: str | None = None, priority: int = 0) -> str:
        with database.write() as session:
            owner_id = local_owner(session) if owner is None else _owner(session, owner)
            sweep = _sweep(owner_id, sum(sizes))
            session.add(sweep)
            configuration = session.scalar(select(ConfigurationRow)) or _configuration()
            session.add(configuration)
            session.flush()
            number = 0
            for size in sizes:
                population = PopulationRow(
                    public_id=new_id("p"),
                    sweep_id=sweep.id,
                    owner_id=owner_id,
                    priority=priority,
                    created_at=now(),
                )
                session.add(population)
                session.flush()
                for _ in range(size):
                    number += 1
                    session.add(_run(sweep, population, configuration, number))
            return sweep.public_id

    return store


def _owner(session: Any, name: str) -> int:
    row = session.scalar(select(Owner).where(Owner.name == name)) or Owner(name=name, created_at=now())
    session.add(row)
    session.flush()
    return int(row.id)


def _sweep(owner_id: int, runs: int) -> Sweep:
    return Sweep(
        public_id=new_id("s"),
        owner_id=owner_id,
        name="a sweep",
        tags={},
        submitted="{}",
        warnings=[],
        body_sha256="0" * 64,
        function=None,
        task="classification",
        method="grid",
        metric="validation_loss",
        goal="minimize",
        keep_weights="final",
        varied=["learning_rate"],
        seeds=list(range(runs)),
        preprocessing={},
        split={},
        split_counts={"train": 7, "validation": 2, "test": 1, "resample": True},
        constant={},
        numerics_version=1,
        run_count=runs,
        all_count=runs,
        queued_count=runs,
        epochs_total=runs * EPOCHS,
        created_at=now(),
    )


def _configuration() -> ConfigurationRow:
    return ConfigurationRow(
        hash="c" * 64,
        document={"learning_rate": 0.1},
        hidden_layers="[64]",
        loss="cross_entropy",
        optimizer="sgd",
        learning_rate=0.1,
        epochs=EPOCHS,
        dtype="float32",
    )


def _run(sweep: Sweep, population: PopulationRow, configuration: ConfigurationRow, number: int) -> Run:
    return Run(
        public_id=new_id("r"),
        owner_id=sweep.owner_id,
        sweep_id=sweep.id,
        population_id=population.id,
        configuration_id=configuration.id,
        number=number,
        seed=number - 1,
        epochs=EPOCHS,
        metrics={},
        identity_sha256="1" * 64,
    )


@pytest.fixture
def claimed(database: Database) -> Callable[..., Claim]:
    """Claim the next population, which must be there."""

    def claim(worker: str = "worker-1", environment: str = "e" * 64, lease: float = LEASE_SECONDS) -> Claim:
        found = database.run(
            lambda session: claim_population(
                session, worker=worker, environment_class=environment, lease_seconds=lease
            )
        )
        assert found is not None
        return found

    return claim


@pytest.fixture
def measured() -> Callable[..., Measurement]:
    """One epoch's measurement of a run."""

    def measure(run_id: int, epoch: int, validation_loss: float = 0.5) -> Measurement:
        return Measurement(run_id, epoch, (0.6, 0.8, validation_loss, 0.9, 0.1, 1.5, 0.01))

    return measure
