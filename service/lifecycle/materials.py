"""What the runs of a sweep train on, a dataset or a function, read back from what was fixed at submit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from core.configuration import Configuration
from core.examples import Examples
from core.functions import Function
from service.datasets.cache import ContentCache
from service.datasets.packed import unpack
from service.datasets.preprocessing import Preprocessing
from service.datasets.split import SplitPlan
from service.datasets.table import FloatArray, IntArray, Table
from service.datasets.targets import NumberTarget
from service.planning.configurations import RULES
from service.store.schema import Dataset, Sweep


@dataclass(frozen=True, slots=True)
class Aims:
    """What a sweep's runs are trained for, and what of them is kept."""

    task: str
    metric: str
    goal: Literal["minimize", "maximize"]
    keep_weights: str
    _resolved: dict[int, Configuration] = field(default_factory=dict, repr=False, compare=False)

    @property
    def keeps_best(self) -> bool:
        """Whether the weights of the lowest validation loss are stored."""
        return self.keep_weights in ("best", "both")

    def configuration(self, document: Mapping[str, Any], key: int | None = None) -> Configuration:
        """The configuration that was stored as canonical JSON, read once for each key."""
        if key is None:
            return RULES[self.task].resolve(document)
        if key not in self._resolved:
            self._resolved[key] = RULES[self.task].resolve(document)
        return self._resolved[key]


@dataclass(frozen=True, slots=True)
class FunctionMaterials:
    """The function that a sweep's runs descend on."""

    aims: Aims
    function: Function
    size: int = 0  # bytes of examples


@dataclass(slots=True)
class DatasetMaterials:
    """A sweep's examples and rows; the rows of a seed are made once per process."""

    aims: Aims
    examples: Examples
    split: SplitPlan
    deviations: FloatArray | None  # (outputs,) what one unit of a standardized target is in the user's units
    _rows: dict[int, tuple[IntArray, IntArray]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes of the examples."""
        return self.examples.inputs.nbytes + self.examples.targets.nbytes

    @property
    def test_rows(self) -> IntArray:
        """The rows that are touched only at the end."""
        return self.split.test_rows

    def rows(self, seed: int) -> tuple[IntArray, IntArray]:
        """The training and validation rows of the runs with this seed."""
        if seed not in self._rows:
            self._rows[seed] = self.split.rows_for(seed)
        return self._rows[seed]


Materials = DatasetMaterials | FunctionMaterials


def load_materials(session: Session, sweep_id: int, cache: ContentCache) -> Materials:
    """Read what a sweep's runs need, and check that the data are still what was submitted.

    The content of a dataset comes from this machine where it was here before.

    Raises: ValueError if a stored content does not have the hash that it was stored under.
    """
    sweep = session.scalars(
        select(Sweep).where(Sweep.id == sweep_id).options(undefer(Sweep.preprocessing), undefer(Sweep.split))
    ).one()
    aims = Aims(
        task=sweep.task,
        metric=sweep.metric,
        goal=cast("Literal['minimize', 'maximize']", sweep.goal),
        keep_weights=sweep.keep_weights,
    )
    if sweep.function is not None:
        return FunctionMaterials(aims, Function.of(**sweep.function))
    return _dataset_materials(session, sweep, aims, cache)


def _dataset_materials(session: Session, sweep: Sweep, aims: Aims, cache: ContentCache) -> DatasetMaterials:
    row = session.scalars(select(Dataset).where(Dataset.id == sweep.dataset_id)).one()
    content = cache.read(row.content_hash)
    if content is None:
        stored = session.scalars(select(Dataset.content).where(Dataset.id == row.id)).one()
        content = unpack(stored, row.byte_count)
        found = hashlib.sha256(content).hexdigest()
        if found != row.content_hash:
            raise ValueError(f"dataset {row.name!r} has content hash {found}, stored was {row.content_hash}")
        cache.keep(row.content_hash, content)
    table = Table.decode(content, name=row.name, licence=row.licence or "", source=row.source or "")
    fitted = Preprocessing.from_json(sweep.preprocessing)
    target = fitted.target
    return DatasetMaterials(
        aims=aims,
        examples=fitted.transform(table),
        split=SplitPlan.from_json(sweep.split),
        deviations=np.array(target.deviations) if isinstance(target, NumberTarget) else None,
    )
