"""What a sweep is about, a dataset or a function, answers all that planning and storing it ask."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session

from core.configuration import Configuration
from service.planning.expansion import PlannedRun
from service.store.sweep_queries import DatasetName


class Subject(Protocol):
    """A prepared table, or a function; it belongs to one submission."""

    @property
    def task(self) -> str:
        """`classification`, `regression` or `function`: the key of `configurations.RULES`."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of what was accepted."""
        ...

    @property
    def identity(self) -> str:
        """A hash of all that decides a run's bits beside its configuration and seed."""
        ...

    def baselines(self, runs: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
        """The runs to train beside those of the search, numbered after them."""
        ...

    def constant(self, runs: Sequence[PlannedRun]) -> Mapping[str, float]:
        """The metrics of whoever learns nothing, where there are such."""
        ...

    def check(self, configurations: Collection[Configuration], most_memory: int) -> None:
        """Raise InvalidSubmission with what cannot be trained on this subject, or not in so many bytes."""
        ...

    def shape(self, configuration: Configuration) -> Hashable:
        """What runs must have in common to train in one population."""
        ...

    def working_set(self, configuration: Configuration) -> int:
        """The bytes that one more run adds to a population."""
        ...

    def parameter_count(self, configuration: Configuration) -> int:
        """How many numbers a run's weights are."""
        ...

    def keep(self, session: Session, owner_id: int) -> tuple[int, DatasetName] | None:
        """Write what is to be shared with other sweeps; the key and the name of the dataset, if it is one."""
        ...

    def columns(self) -> Mapping[str, Any]:
        """The columns of the sweep that say what its runs train on."""
        ...
