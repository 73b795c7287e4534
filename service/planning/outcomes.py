"""The runs of a sweep gathered into settings, and the settings ranked by one value per seed.

Where a setting pools several configurations (a parameter varies that is not grouped by), a seed's value is
their mean; a seed at which one of them has no value has none.

Ranked are the settings without a diverged, failed or pruned run, on the seeds that all of them have: while a
sweep runs, the seeds finished so far. A diverged run bars its setting for good (its mean is over survivors),
a failed one until it is retried, and one pruned was barred by the other runs already. A run over a function
that has not converged bars its setting, too: a function may be unbounded below, and a small value is no
success. A setting without any value yet does not take part. So no setting wins by having fewer, or luckier,
seeds than another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Literal

from service.planning.statistics import ERROR, Ranking, Sampling, is_loss, is_number, logarithms, mean, rank
from service.planning.statuses import Role, RunState

Goal = Literal["minimize", "maximize"]
Setting = Mapping[str, object]

BARRING = frozenset({RunState.DIVERGED, RunState.FAILED, RunState.PRUNED})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """What one run came to; `setting` maps each varied parameter to its value, without the seed."""

    number: int
    setting: Setting
    configuration_hash: str
    seed: int
    state: RunState
    collapsed: bool = False  # no better than the constant predictor at its end
    converged: bool | None = None  # of a run over a function; None before its end, and for networks
    turns: int = 0  # of a run over a function: at how many steps the derivative turned around
    role: Role = Role.SEARCH
    metrics: Mapping[str, float | None] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """A completed run's `metric`; None for other runs, and for a value that is missing or not finite."""
        found = self.metrics.get(metric) if self.state == RunState.COMPLETED else None
        return found if found is not None and isfinite(found) else None

    @property
    def unconverged(self) -> bool:
        """Whether it ended on a function where no minimum is."""
        return self.state == RunState.COMPLETED and self.converged is False


@dataclass(frozen=True, slots=True)
class SettingRuns:
    """The runs of one setting, in the order of their numbers."""

    setting: Setting
    outcomes: tuple[RunOutcome, ...]

    def count(self, *states: RunState) -> int:
        """Runs in any of `states`."""
        return sum(outcome.state in states for outcome in self.outcomes)

    def configurations(self) -> list[str]:
        """The distinct configuration hashes, sorted."""
        return sorted({outcome.configuration_hash for outcome in self.outcomes})

    def seed_values(self, metric: str, *, log: bool = False) -> dict[int, float]:
        """The mean over configurations, geometric with `log`, at each seed that all of them have."""
        if len({outcome.seed for outcome in self.outcomes}) == len(self.outcomes):
            alone = ((outcome.seed, outcome.value(metric)) for outcome in self.outcomes)
            return dict(sorted((seed, value) for seed, value in alone if value is not None))
        by_seed: dict[int, list[float | None]] = defaultdict(list)
        for outcome in self.outcomes:
            by_seed[outcome.seed].append(outcome.value(metric))
        present = {seed: [value for value in by_seed[seed] if value is not None] for seed in sorted(by_seed)}
        return {
            seed: mean(found, log=log) for seed, found in present.items() if len(found) == len(by_seed[seed])
        }


def mixed_losses(outcomes: Iterable[RunOutcome], metric: str) -> tuple[str, ...]:
    """The training losses, where they vary and `metric` is a loss: such runs cannot be ranked by it."""
    losses = {str(outcome.setting["loss"]) for outcome in outcomes if "loss" in outcome.setting}
    return tuple(sorted(losses)) if len(losses) > 1 and is_loss(metric) else ()


def gather(outcomes: Iterable[RunOutcome], group_by: tuple[str, ...]) -> list[SettingRuns]:
    """The settings in the order in which their first runs came."""
    gathered: dict[tuple[object, ...], list[RunOutcome]] = defaultdict(list)
    for outcome in outcomes:
        # A parameter that a configuration does not use is absent from its setting.
        gathered[tuple(_frozen(outcome.setting.get(name)) for name in group_by)].append(outcome)
    return [
        SettingRuns(dict(zip(group_by, values, strict=True)), tuple(found))
        for values, found in gathered.items()
    ]


def on_log_scale(outcomes: Iterable[RunOutcome], metric: str) -> bool:
    """One scale for all settings: logarithms for a loss, unless one value anywhere has none."""
    values = (outcome.value(metric) for outcome in outcomes)
    return is_loss(metric) and all(value > 0 for value in values if value is not None)


def rank_settings(
    settings: Sequence[SettingRuns],
    metric: str,
    goal: Goal,
    sampling: Sampling,
    *,
    refused: bool = False,
    error: float = ERROR,
) -> Ranking:
    """Rank by the mean over seeds of `metric`; nothing is ranked where that is refused."""
    log = on_log_scale((outcome for runs in settings for outcome in runs.outcomes), metric)
    sign = 1.0 if goal == "minimize" else -1.0
    values: dict[int, dict[int, float]] = {}
    tie_breaks: dict[int, tuple[float, float, str]] = {}
    for index, runs in enumerate(settings):
        if refused or runs.count(*BARRING) or any(outcome.unconverged for outcome in runs.outcomes):
            continue
        by_seed = runs.seed_values(metric, log=log)
        scaled = logarithms(by_seed.values()) if log else by_seed.values()
        values[index] = {seed: sign * value for seed, value in zip(by_seed, scaled, strict=True)}
        tie_breaks[index] = _tie_break(runs)
    return rank(values, tie_breaks, settings_count=len(settings), sampling=sampling, error=error)


def _tie_break(runs: SettingRuns) -> tuple[float, float, str]:
    losses = runs.seed_values("validation_loss").values()
    rate = runs.setting.get("learning_rate")
    return (mean(losses) if losses else inf, rate if is_number(rate) else inf, runs.configurations()[0])


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
