"""A run's trained network with the preprocessing that it was trained behind: all that an answer needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safetensors.numpy import load
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.arrays import FloatArray
from core.configuration import Configuration
from service.datasets.preprocessing import Preprocessing
from service.datasets.table import Column, Kind, Table
from service.errors import Conflict, NotFound
from service.planning.configurations import FUNCTION, RULES
from service.store.run_queries import find_weights
from service.store.schema import ConfigurationRow, Dataset, Run, Sweep, Weights


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a network comes from, for whoever meets it outside the service."""

    run_id: str
    sweep_id: str
    sweep_name: str
    seed: int
    which: str  # final | best
    epoch: int
    weights_sha256: str
    dataset: str
    data_sha256: str
    numerics_version: int


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """One run's network.

    Shapes:
        parameters  `layers.0.weight` (inputs, outputs), `layers.0.bias` (outputs,) and so on
    """

    configuration: Configuration
    parameters: Mapping[str, FloatArray]
    preprocessing: Preprocessing
    columns: tuple[Column, ...]  # of the dataset, the target's included
    origin: Origin

    @property
    def feature_columns(self) -> tuple[Column, ...]:
        """The columns that it takes, in the order of its inputs."""
        kinds = {column.name: column for column in self.columns}
        return tuple(kinds[feature.column] for feature in self.preprocessing.features)


def find_trained(session: Session, owner_id: int, public_id: str, which: str) -> TrainedNetwork:
    """One run's network with its final or best weights.

    Raises:
        NotFound: the owner has no such run, or no such weights of it are kept.
        Conflict: the run minimises a function, and has no rows to answer for.
    """
    weights = find_weights(session, owner_id, public_id, which)
    run, sweep, document, dataset = _rows(session, weights)
    if sweep.task == FUNCTION or dataset is None:
        raise Conflict(
            f"run {public_id} minimises a function: its weights are the variables where it ended, "
            "and there is no network that takes rows"
        )
    kept = dataset.columns["columns"]
    return TrainedNetwork(
        configuration=RULES[sweep.task].resolve(document),
        parameters=load(weights.content),
        preprocessing=Preprocessing.from_json(sweep.preprocessing),
        columns=tuple(Column(each["name"], _kind(each["kind"])) for each in kept),
        origin=Origin(
            run_id=public_id,
            sweep_id=sweep.public_id,
            sweep_name=sweep.name,
            seed=run.seed,
            which=which,
            epoch=weights.epoch,
            weights_sha256=weights.weights_sha256,
            dataset=dataset.name,
            data_sha256=dataset.content_hash,
            numerics_version=sweep.numerics_version,
        ),
    )


def dataset_of(session: Session, owner_id: int, public_id: str) -> Table:
    """The table that a run was trained on.

    Raises:
        NotFound: the owner has no such run.
    """
    row = session.scalar(
        select(Dataset)
        .join(Sweep, Sweep.dataset_id == Dataset.id)
        .join(Run, Run.sweep_id == Sweep.id)
        .where(Run.public_id == public_id, Run.owner_id == owner_id)
        .options(undefer(Dataset.content))
    )
    if row is None:
        raise NotFound(f"there is no run {public_id} over a dataset")
    return Table.decode(row.content, name=row.name)


def _rows(session: Session, weights: Weights) -> tuple[Run, Sweep, Mapping[str, object], Dataset | None]:
    found = session.execute(
        select(Run, Sweep, ConfigurationRow.document, Dataset)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .outerjoin(Dataset, Dataset.id == Sweep.dataset_id)
        .where(Run.id == weights.run_id)
        .options(undefer(Sweep.preprocessing))
    ).one()
    run, sweep, document, dataset = found
    return run, sweep, document, dataset


def _kind(kind: str) -> Kind:
    known: Mapping[str, Kind] = {"number": "number", "text": "text", "boolean": "boolean"}
    return known[kind]
