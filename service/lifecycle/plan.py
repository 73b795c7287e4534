"""Everything a sweep will be is decided here, from its submission and its subject, before it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.configuration import Configuration
from service.errors import Fault, InvalidSubmission
from service.lifecycle.subject import Subject
from service.planning import populations
from service.planning.configurations import RULES, Rules
from service.planning.expansion import PlannedRun, expand
from service.planning.populations import CACHE_BUDGET, PlacedRun
from service.planning.space import axes
from service.planning.submission import SweepSubmission


@dataclass(frozen=True)
class SweepPlan:
    """A sweep before it is stored; populations hold positions in `runs`."""

    submission: SweepSubmission
    subject: Subject
    varied: tuple[str, ...]
    runs: tuple[PlannedRun, ...]
    populations: tuple[tuple[int, ...], ...]
    constant: Mapping[str, float]
    live_workers: int = 1
    cache_budget: int = CACHE_BUDGET
    told: tuple[str, ...] = ()  # what came of the submission's parameters

    @property
    def rules(self) -> Rules:
        """What holds for the configurations of its task."""
        return RULES[self.subject.task]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of what was accepted."""
        return (*self.submission.warnings, *self.told, *self.subject.warnings)

    @cached_property
    def texts(self) -> Mapping[Configuration, str]:
        """The canonical JSON of each configuration."""
        canonical = self.rules.canonical
        return {each: canonical(each) for each in dict.fromkeys(run.configuration for run in self.runs)}

    @cached_property
    def hashes(self) -> Mapping[Configuration, str]:
        """The hash of each configuration, which is that of its canonical JSON."""
        return {each: hashlib.sha256(text.encode()).hexdigest() for each, text in self.texts.items()}

    @cached_property
    def identities(self) -> tuple[str, ...]:
        """The identity of each run, in the order of `runs`."""
        return tuple(map(self.identity, self.runs))

    def divide(self, positions: Sequence[int]) -> tuple[tuple[int, ...], ...]:
        """Populations of the runs at these positions alone."""
        runs = [self.runs[position] for position in positions]
        divided = _populations(runs, self.subject, self.live_workers, self.cache_budget)
        return tuple(tuple(positions[place] for place in members) for members in divided)

    def identity(self, run: PlannedRun) -> str:
        """What decides a run's bits in one environment class: subject, configuration, seed, numerics."""
        text = f"{self.subject.identity} {self.hashes[run.configuration]} {run.seed}"
        return hashlib.sha256(text.encode()).hexdigest()


def plan_sweep(
    submission: SweepSubmission,
    subject: Subject,
    *,
    live_workers: int,
    max_runs: int,
    most_memory: int,
    cache_budget: int = CACHE_BUDGET,
) -> SweepPlan:
    """Expand the space and divide the runs into populations.

    `most_memory` is how many bytes one run may need while it trains, `cache_budget` how many a population
    should have on the machines that train it.

    Raises:
        InvalidSubmission: with every fault that shows here.
    """
    space = axes(submission.parameters, subject.task, submission.method)
    seeds = submission.seed_list
    runs = expand(space, seeds, subject.task, cap=max_runs, search=submission.search)
    told = _of_the_cap(submission, len(runs) // len(seeds))
    runs += subject.baselines(runs)
    subject.check(list(dict.fromkeys(run.configuration for run in runs)), most_memory)
    return SweepPlan(
        submission=submission,
        subject=subject,
        varied=tuple(axis.field for axis in space if axis.varies),
        runs=runs,
        populations=_populations(runs, subject, live_workers, cache_budget),
        constant=subject.constant(runs),
        told=told,
        live_workers=live_workers,
        cache_budget=cache_budget,
    )


def _of_the_cap(submission: SweepSubmission, configurations: int) -> tuple[str, ...]:
    """What `run_cap` came to.

    Raises: InvalidSubmission if a grid has more configurations.
    """
    cap = submission.run_cap
    if cap is None or cap == configurations:
        return ()
    if submission.search is not None:
        return (
            f"{configurations:,} configurations in {cap:,} draws: {cap - configurations:,} came to one that "
            "was drawn before, and each is trained once",
        )
    if configurations > cap:
        message = f"the grid has {configurations:,} configurations, and a part of a grid is no grid"
        allowed = f'at least {configurations:,}, or "method": "random"'
        raise InvalidSubmission([Fault("run_cap", message, cap, allowed)])
    return ()


def _populations(
    runs: Sequence[PlannedRun], subject: Subject, live_workers: int, cache_budget: int
) -> tuple[tuple[int, ...], ...]:
    places = {
        configuration: (subject.shape(configuration), subject.working_set(configuration))
        for configuration in dict.fromkeys(run.configuration for run in runs)
    }
    placed = [PlacedRun(run.number, run.seed, *places[run.configuration]) for run in runs]
    position = {run.number: index for index, run in enumerate(runs)}
    divided = populations.plan(placed, live_workers, cache_budget)
    return tuple(tuple(position[number] for number in members) for members in divided)
