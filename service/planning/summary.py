"""What a sweep says: which setting is best, which cannot be told apart from it, and what stands beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite

from service.errors import Fault, InvalidSubmission
from service.planning.expected_best import expected_best
from service.planning.outcome_table import OutcomeTable, Setting
from service.planning.outcomes import (
    Goal,
    Settings,
    gather,
    mixed_losses,
    on_log_scale,
    rank_settings,
)
from service.planning.ranks import mean_ranks, medians
from service.planning.statistics import (
    ERROR,
    MOST_LOOKS,
    Interval,
    Ranking,
    Sampling,
    Side,
    bounds_of,
    divergence_upper_bound,
    held_out_interval,
    intervals,
    mean,
    touched_side,
)
from service.planning.statuses import RunState

UNFINISHED = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.PAUSED})
TEST_METRICS = {"classification": "test_accuracy", "regression": "test_r2"}


@dataclass(frozen=True, slots=True)
class SettingSummary:
    """One setting over its seeds; `metrics` hold no test metric, which must not be chosen by."""

    setting: Setting
    configuration_hash: str | None  # None where several configurations are pooled
    runs: int
    completed: int
    diverged: int
    diverged_upper_bound: float | None
    collapsed: int
    unconverged: int  # completed on a function, at no minimum
    unturned: int  # of these: the derivative has never turned around, so they may still be on their way
    failed: int
    canceled: int
    pending: int
    eligible: bool  # takes part in the ranking
    best: bool
    in_best_set: bool
    p_value: float | None  # of being as good as the best; None for the best itself
    median: float | None  # of the ranking metric; None where the median run diverged
    mean_rank: float | None  # over the seeds at which all settings have finished; diverged is last
    metrics: Mapping[str, Interval]

    def to_json(self) -> dict[str, object]:
        """The setting as the API shows it; a mean beside diverged runs is marked as one over survivors."""
        survivors_only = self.diverged > 0
        metrics = {
            name: {
                "mean": each.mean,
                "low": each.low,
                "high": each.high,
                "n": each.n,
                "survivors_only": survivors_only,
            }
            for name, each in self.metrics.items()
        }
        shown = {name: getattr(self, name) for name in _SHOWN}
        return {**shown, "setting": plain(self.setting), "metrics": metrics}


_SHOWN = tuple(
    each.name for each in fields(SettingSummary) if each.name not in ("setting", "canceled", "metrics")
)


@dataclass(frozen=True, slots=True)
class Edge:
    """The end of a parameter's grid that the best or its set touches."""

    parameter: str
    side: Side


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The best setting on the test rows, over all its seeds; `rmse` beside R2 where there is one."""

    metric: str
    interval: Interval
    rmse: float | None


@dataclass(frozen=True, slots=True)
class LinearBaseline:
    """The best linear network, chosen as the sweep's own best is, with its means."""

    setting: Setting
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a sweep says so far; `service.planning.headline` puts it into words."""

    group_by: tuple[str, ...]
    metric: str
    goal: Goal
    task: str
    seeds: int
    compared_seeds: int  # that every ranked setting has; fewer than `seeds` while runs are missing
    log_scale: bool  # means of the ranking metric are geometric
    mixed_losses: tuple[str, ...]  # training losses that vary, which forbids ranking by loss
    pooled: tuple[str, ...]  # parameters that vary inside a setting
    settings: tuple[SettingSummary, ...]
    edges: tuple[Edge, ...]
    test: HeldOut | None
    constant: Mapping[str, float]
    linear: LinearBaseline | None
    linear_runs: int
    linear_pending: int
    sources_of_variation: tuple[str, ...]
    expected_best: tuple[tuple[int, float], ...]  # of a random search: by how many settings were tried
    looks: int  # at results, after which seeds were added
    test_reveals: int  # how often runs were filtered or sorted by test metrics

    @property
    def complete(self) -> bool:
        """Whether no run waits, trains or was canceled, so that nothing more will come by itself."""
        return not any(setting.pending or setting.canceled for setting in self.settings)

    @property
    def best(self) -> SettingSummary | None:
        """The setting with the best mean; None as long as none is ranked."""
        return next((setting for setting in self.settings if setting.best), None)

    @property
    def is_drawn(self) -> bool:
        """Whether the settings of the ranking were drawn from ranges, and are no grid."""
        return bool(self.expected_best)

    @property
    def best_set(self) -> tuple[SettingSummary, ...]:
        """The best and what cannot be told apart from it; empty below three seeds."""
        return tuple(setting for setting in self.settings if setting.in_best_set)

    def to_json(self, *, headline: str, notes: Iterable[str]) -> dict[str, object]:
        """The summary as the API answers it."""
        best, test, linear = self.best, self.test, self.linear
        return {
            "group_by": list(self.group_by),
            "metric": self.metric,
            "goal": self.goal,
            "seeds": self.seeds,
            "settings_count": len(self.settings),
            "complete": self.complete and not self.linear_pending,
            "headline": headline,
            "best": plain(best.setting) if best else None,
            "best_set": [plain(setting.setting) for setting in self.best_set],
            "confidence": 1 - ERROR,
            "settings": [setting.to_json() for setting in self.settings],
            "edge": next(({"parameter": edge.parameter, "side": edge.side} for edge in self.edges), None),
            "test": {"metric": test.metric, **asdict(test.interval)} if test else None,
            "baselines": {
                "constant": dict(self.constant),
                "linear": {"setting": plain(linear.setting), **linear.metrics} if linear else None,
            },
            "notes": list(notes),
            "sources_of_variation": list(self.sources_of_variation),
            "expected_best": [{"settings": count, "value": value} for count, value in self.expected_best],
            "looks": self.looks,
            "test_reveals": self.test_reveals,
        }


def summarize(
    table: OutcomeTable,
    *,
    group_by: tuple[str, ...],
    metric: str,
    goal: Goal,
    task: str,
    resampled: bool,
    train_count: int,
    validation_count: int,
    test_count: int,
    constant: Mapping[str, float],
    rows_sd: Callable[[str], float | None] = lambda _: None,
    method: str = "grid",
    looks: int = 1,
    test_reveals: int = 0,
) -> Summary:
    """Rank the search runs of `table` by `metric`, beside the baselines.

    `constant` holds the constant predictor's metrics; `rows_sd` is asked, for the best configuration's hash,
    for the spread over the test rows of each row's mean over the seeds (see `statistics.held_out_interval`).
    `looks` counts how often seeds were added to results. Ties go to the lower validation loss, then to the
    lower rate, then to the first configuration hash.

    Raises:
        InvalidSubmission: `group_by` names what does not vary.
    """
    search, linear = table.only(~table.linear), table.only(table.linear)
    varied = tuple(dict.fromkeys(name for setting in search.settings for name in setting))
    _require_varied(group_by, varied if len(search) else group_by)
    sampling = Sampling(resampled, train_count, validation_count)
    settings = gather(search, group_by)
    mixed = mixed_losses(search, metric)
    error = ERROR if looks == 1 else ERROR / MOST_LOOKS
    ranking = rank_settings(settings, metric, goal, sampling, refused=bool(mixed), error=error)
    test_metric = TEST_METRICS.get(task)
    return Summary(
        group_by=group_by,
        metric=metric,
        goal=goal,
        task=task,
        seeds=len(settings.seeds),
        compared_seeds=len(ranking.seeds),
        log_scale=on_log_scale(search, metric),
        mixed_losses=mixed,
        pooled=tuple(name for name in varied if name not in group_by),
        settings=_setting_summaries(settings, ranking, sampling, metric, goal),
        edges=_edges(settings, ranking, group_by),
        test=_held_out(settings, ranking.best, test_metric, test_count, rows_sd)
        if ranking.best is not None and test_metric
        else None,
        constant={name: value for name, value in constant.items() if isfinite(value)},
        linear=_linear_baseline(linear, metric, goal, sampling, test_metric),
        linear_runs=len(linear),
        linear_pending=int(linear.among(*UNFINISHED).sum()),
        sources_of_variation=_sources_of_variation(task, resampled=resampled),
        expected_best=_expected_best(settings, ranking, metric, goal) if method == "random" else (),
        looks=looks,
        test_reveals=test_reveals,
    )


def _require_varied(group_by: tuple[str, ...], varied: tuple[str, ...]) -> None:
    allowed = ", ".join(varied) or "nothing, as no parameter of this sweep varies"
    faults = [
        Fault("group_by", f"{name} does not vary in this sweep", name, allowed)
        for name in group_by
        if name not in varied
    ]
    if faults:
        raise InvalidSubmission(faults)


def _setting_summaries(
    settings: Settings, ranking: Ranking, sampling: Sampling, metric: str, goal: Goal
) -> tuple[SettingSummary, ...]:
    table = settings.table
    names = [name for name in table.metrics if not name.startswith("test_")]
    scales = {name: on_log_scale(table, name) for name in names}
    columns = {
        "runs": settings.runs(),
        "completed": settings.count(RunState.COMPLETED),
        "diverged": settings.count(RunState.DIVERGED),
        "collapsed": settings.runs(table.collapsed & table.among(RunState.COMPLETED)),
        "unconverged": settings.runs(table.unconverged()),
        "unturned": settings.runs(table.unturned()),
        "failed": settings.count(RunState.FAILED),
        "canceled": settings.count(RunState.CANCELED),
        "pending": settings.count(*UNFINISHED),
    }
    counts = zip(*(column.tolist() for column in columns.values()), strict=True)
    found = zip(
        *(
            intervals(settings.values(name, log=log), sampling, log=log, bounds=bounds_of(name))
            for name, log in scales.items()
        ),
        strict=True,
    )
    rows = zip(
        counts,
        found if names else [()] * len(settings),
        settings.finished().tolist(),
        medians(settings, metric, goal),
        mean_ranks(settings, metric, goal),
        strict=True,
    )
    return tuple(
        SettingSummary(
            setting=settings.named[place],
            configuration_hash=hashes[0] if len(hashes := settings.configurations[place]) == 1 else None,
            **(of_runs := dict(zip(columns, count, strict=True))),
            diverged_upper_bound=divergence_upper_bound(of_runs["diverged"], finished),
            eligible=place in ranking.ranked,
            best=place == ranking.best,
            in_best_set=place in ranking.members,
            p_value=None if place == ranking.best else ranking.p_values.get(place),
            median=median,
            mean_rank=mean_rank,
            metrics=dict(zip(names, measured, strict=True)),
        )
        for place, (count, measured, finished, median, mean_rank) in enumerate(rows)
    )


def _expected_best(
    settings: Settings, ranking: Ranking, metric: str, goal: Goal
) -> tuple[tuple[int, float], ...]:
    """What fewer settings would have found; one that diverged counts as the worst that did not."""
    log = on_log_scale(settings.table, metric)
    values = [
        mean(settings.seed_values(place, metric, log=log).values(), log=log) for place in ranking.ranked
    ]
    if not values:
        return ()
    worst = max(values) if goal == "minimize" else min(values)
    lost = int((settings.count(RunState.DIVERGED) > 0).sum())
    return tuple(expected_best([*values, *[worst] * lost], goal))


def _edges(settings: Settings, ranking: Ranking, group_by: tuple[str, ...]) -> tuple[Edge, ...]:
    if ranking.best is None:
        return ()
    touched = {ranking.best, *ranking.members}
    edges = []
    for name in group_by:
        grid = [setting[name] for setting in settings.named]
        side = touched_side(grid, [grid[index] for index in touched])
        if side:
            edges.append(Edge(name, side))
    return tuple(edges)


def _held_out(
    settings: Settings,
    best: int,
    metric: str,
    test_count: int,
    rows_sd: Callable[[str], float | None],
) -> HeldOut | None:
    values = list(settings.seed_values(best, metric).values())
    if not values:
        return None
    configurations = settings.configurations[best]
    found = held_out_interval(
        values,
        rows=test_count,
        rows_sd=rows_sd(configurations[0]) if len(configurations) == 1 else None,
        proportion=metric == "test_accuracy",
        bounds=bounds_of(metric),
    )
    rmse = settings.seed_values(best, "test_rmse").values()
    return HeldOut(metric, found, mean(rmse) if rmse else None)


def _linear_baseline(
    table: OutcomeTable, metric: str, goal: Goal, sampling: Sampling, test_metric: str | None
) -> LinearBaseline | None:
    varied = tuple(dict.fromkeys(name for setting in table.settings for name in setting))
    settings = gather(table, varied)
    best = rank_settings(settings, metric, goal, sampling, refused=bool(mixed_losses(table, metric))).best
    if best is None:
        return None
    scores = [test_metric, test_metric.replace("test", "validation")] if test_metric else []
    scales = {name: on_log_scale(table, name) for name in ("validation_loss", metric, *scores)}
    means = {name: settings.seed_values(best, name, log=log).values() for name, log in scales.items()}
    return LinearBaseline(
        settings.named[best], {name: mean(found, log=scales[name]) for name, found in means.items() if found}
    )


def _sources_of_variation(task: str, *, resampled: bool) -> tuple[str, ...]:
    if task not in TEST_METRICS:
        return ()
    return ("initial weights", "order", "validation rows") if resampled else ("initial weights", "order")


def plain(setting: Setting) -> dict[str, object]:
    """A setting as JSON knows it."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in setting.items()}
