"""A function as the subject of a sweep: nothing to split, to prepare or to compare with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from core.configuration import Configuration
from core.function_population import function_shape_key, function_working_set_bytes
from core.functions import Function
from core.version import NUMERICS_VERSION
from service.planning.configurations import FUNCTION
from service.planning.expansion import PlannedRun

NO_ROWS = {"train": 0, "validation": 0, "test": 0, "resample": False}


@dataclass(frozen=True)
class FunctionSubject:
    """One function, with the point that every run starts from."""

    function: Function
    task = FUNCTION
    warnings: tuple[str, ...] = ()

    @cached_property
    def identity(self) -> str:
        """A hash of the function's meaning, its start and its tolerance."""
        return hashlib.sha256(json.dumps([self.function.sha256, NUMERICS_VERSION]).encode()).hexdigest()

    def baselines(self, _runs: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
        """None: there are no layers to leave out."""
        return ()

    def constant(self, _runs: Sequence[PlannedRun]) -> Mapping[str, float]:
        """Nothing: there are no targets that a constant could predict."""
        return {}

    def check(self, configurations: Collection[Configuration], most_memory: int) -> None:
        """Accept whatever could be resolved."""

    def shape(self, configuration: Configuration) -> Hashable:
        """What runs must have in common to step together."""
        return function_shape_key(configuration)

    def working_set(self, configuration: Configuration) -> int:
        """The bytes that one more run adds to a population."""
        return function_working_set_bytes(configuration, self.function)

    def parameter_count(self, _configuration: Configuration) -> int:
        """The number of variables."""
        return len(self.function.variables)

    def keep(self, _session: Session, _owner_id: int) -> None:
        """Write nothing: the function is one of the sweep's own columns."""

    def columns(self) -> Mapping[str, Any]:
        """The function, and that there is nothing else."""
        return {
            "function": self.function.to_json(),
            "preprocessing": {},
            "split": {},
            "split_counts": NO_ROWS,
        }
