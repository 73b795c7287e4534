"""A run's trained weights with where they come from; a network's with the preprocessing before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from safetensors.numpy import load
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.arrays import FloatArray
from core.configuration import Configuration
from service.datasets.preprocessing import Preprocessing
from service.datasets.table import Column, Kind
from service.errors import Conflict
from service.planning.configurations import RULES
from service.store.run_queries import find_weights
from service.store.schema import ConfigurationRow, Dataset, Run, Sweep, Weights


@dataclass(frozen=True, slots=True)
class Origin:
    """Where weights come from, for whoever meets them outside the service."""

    run: str
    sweep: str
    sweep_name: str
    seed: int
    which: str  # final | best
    epoch: int
    weights_sha256: str
    task: str
    subject: str  # the dataset's name, or the function's expression
    data_sha256: str | None  # null for a function
    numerics_version: int
    configuration: Mapping[str, Any]

    def metadata(self) -> dict[str, str]:
        """The same as texts by name, the configuration as JSON; what is null is left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, value in values.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """A run's weights as they are stored."""

    content: bytes  # safetensors
    origin: Origin
    preprocessing: Mapping[str, Any]  # as JSON; of a function empty
    columns: tuple[Column, ...]  # of the dataset, the target's included

    @property
    def network(self) -> TrainedNetwork:
        """The network that they are.

        Raises:
            Conflict: the run minimises a function.
        """
        origin = self.origin
        if origin.data_sha256 is None:
            raise Conflict(
                f"run {origin.run} minimises a function: its weights are the variables where it ended, "
                "and there is no network that takes rows"
            )
        return TrainedNetwork(
            configuration=RULES[origin.task].resolve(origin.configuration),
            parameters=load(self.content),
            preprocessing=Preprocessing.from_json(self.preprocessing),
            columns=self.columns,
            origin=origin,
        )


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """One run's network.

    Shapes:
        parameters  `layers.0.weight` (inputs, outputs), `layers.0.bias` (outputs,) and so on
    """

    configuration: Configuration
    parameters: Mapping[str, FloatArray]
    preprocessing: Preprocessing
    columns: tuple[Column, ...]
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
    return find_stored(session, find_weights(session, owner_id, public_id, which)).network


def find_stored(session: Session, weights: Weights) -> StoredWeights:
    """These weights with all that belongs to them."""
    run, sweep, document, kept = session.execute(
        select(Run, Sweep, ConfigurationRow.document, Dataset)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .outerjoin(Dataset, Dataset.id == Sweep.dataset_id)
        .where(Run.id == weights.run_id)
        .options(undefer(Sweep.preprocessing))
    ).one()
    dataset = cast("Dataset | None", kept)  # an outer join's may be missing
    subject = dataset.name if dataset is not None else (sweep.function or {}).get("expression", "")
    origin = Origin(
        run=run.public_id,
        sweep=sweep.public_id,
        sweep_name=sweep.name,
        seed=run.seed,
        which=weights.which,
        epoch=weights.epoch,
        weights_sha256=weights.weights_sha256,
        task=sweep.task,
        subject=subject,
        data_sha256=None if dataset is None else dataset.content_hash,
        numerics_version=sweep.numerics_version,
        configuration=document,
    )
    described = [] if dataset is None else dataset.columns["columns"]
    columns = tuple(Column(each["name"], _KINDS[each["kind"]]) for each in described)
    return StoredWeights(weights.content, origin, sweep.preprocessing, columns)


_KINDS: Mapping[str, Kind] = {"number": "number", "text": "text", "boolean": "boolean"}
