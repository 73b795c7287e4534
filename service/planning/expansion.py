"""The axes of a sweep become its runs: every combination, each with every seed, and no run twice.

Runs are numbered from 1: parameters in submitted order, the last one fastest, seeds innermost. A field that a
point's own choices leave unused (momentum beside the optimizer sgd) does not make another configuration; of
two points that come to the same configuration the first one stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product

from core.configuration import Configuration, canonical, resolve
from core.errors import ConfigurationError
from service.errors import Fault, InvalidSubmission
from service.planning.configurations import RULES
from service.planning.random_search import RandomSearch
from service.planning.space import Axis, count
from service.planning.statuses import Role

MAX_RUNS = 100_000
_MAX_FAULTS = 20  # distinct ones; every point of a large grid may have the same


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One training that is to be done, numbered from 1 within its sweep."""

    number: int
    configuration: Configuration
    seed: int
    role: Role = Role.SEARCH


def expand(
    axes: Sequence[Axis],
    seeds: Sequence[int],
    task: str,
    cap: int = MAX_RUNS,
    search: RandomSearch | None = None,
) -> tuple[PlannedRun, ...]:
    """Every run of the search: of the grid of all values, or of the points that a random search draws.

    Raises: InvalidSubmission if more than `cap` runs are asked for, counted before any is made and with those
    that would turn out to be duplicates; and for points whose choices contradict each other.
    """
    asked = count(tuple(axes), len(seeds)) if search is None else search.draws * len(seeds)
    if asked > cap:
        message = f"{asked:,} runs asked, at most {cap:,}"
        path = "parameters" if search is None else "run_cap"
        raise InvalidSubmission([Fault(path, message, asked, f"at most {cap:,} runs, seeds included")])
    points = _grid(axes) if search is None else search.points(axes)
    return _numbered(_configurations(axes, points, task), seeds, Role.SEARCH, 1)


def baseline_runs(runs: Sequence[PlannedRun], task: str) -> tuple[PlannedRun, ...]:
    """A linear network beside each configuration of the search, trained in the same way with the same seeds.

    They are numbered after the search's runs. Configurations that differ only in their hidden layers share
    one, and one that the search has itself is not added; so there are never more than there are runs.
    """
    searched = dict.fromkeys(run.configuration for run in runs)
    linear = dict.fromkeys(_without_hidden_layers(configuration, task) for configuration in searched)
    new = [configuration for configuration in linear if configuration not in searched]
    seeds = list(dict.fromkeys(run.seed for run in runs))
    return _numbered(new, seeds, Role.LINEAR, len(runs) + 1)


def _grid(axes: Sequence[Axis]) -> Iterator[Mapping[str, object]]:
    for point in product(*(axis.values for axis in axes)):
        yield {axis.field: value for axis, value in zip(axes, point, strict=True)}


def _configurations(
    axes: Sequence[Axis], points: Iterable[Mapping[str, object]], task: str
) -> list[Configuration]:
    found: dict[Configuration, None] = {}
    faults: dict[tuple[str, str], Fault] = {}
    paths = {axis.field: axis.path or f"parameters.{axis.field}" for axis in axes}
    for point in points:
        try:
            found[RULES[task].resolve(canonical(point))] = None
        except ConfigurationError as error:
            for fault in error.faults:
                path = paths.get(fault.field, fault.field)
                faults[path, fault.message] = Fault(path, fault.message, fault.value, fault.allowed)
            if len(faults) >= _MAX_FAULTS:
                break
    if faults:
        raise InvalidSubmission(faults.values())
    return list(found)


def _without_hidden_layers(configuration: Configuration, task: str) -> Configuration:
    same = {name: value for name, value in asdict(configuration).items() if value is not None}
    return resolve(canonical({**same, "hidden_layers": ()}), task=task)


def _numbered(
    configurations: Sequence[Configuration], seeds: Sequence[int], role: Role, first: int
) -> tuple[PlannedRun, ...]:
    return tuple(
        PlannedRun(first + position * len(seeds) + index, configuration, seed, role)
        for position, configuration in enumerate(configurations)
        for index, seed in enumerate(seeds)
    )
