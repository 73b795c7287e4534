"""`cv_results_` as scikit-learn has it, of a sweep's runs: a candidate per setting, a split per seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from backsweep_client.runs import Run
from backsweep_client.search.distributions import plain

ALIASES = {"lr": "learning_rate"}


class Scoring(NamedTuple):
    """A metric of a run, and whether less of it is better."""

    metric: str
    negated: bool = False


SCORINGS: Mapping[str, Scoring] = {
    "accuracy": Scoring("accuracy"),
    "f1_macro": Scoring("macro_f1"),
    "neg_log_loss": Scoring("loss", negated=True),
    "r2": Scoring("r2"),
    "neg_mean_absolute_error": Scoring("mae", negated=True),
    "neg_root_mean_squared_error": Scoring("rmse", negated=True),
}
CLASSIFICATION = ("accuracy", "f1_macro", "neg_log_loss")
Results = dict[str, Any]


def results(
    runs: Iterable[Run],
    seeds: Sequence[int],
    space: Mapping[str, Any],
    scoring: str,
    *,
    with_train_scores: bool,
) -> Results:
    """The table; a run that did not complete scores NaN, and its setting ranks last."""
    candidates: dict[str, dict[int, Run]] = {}
    for run in runs:
        candidates.setdefault(str(run.document["configuration_hash"]), {})[run.seed] = run
    settings = [_params(next(iter(by_seed.values())), space) for by_seed in candidates.values()]
    found: Results = {}
    found |= _times(candidates, seeds)
    for name in space:
        found[f"param_{name}"] = _masked([params.get(name) for params in settings])
    found["params"] = settings
    found |= _scores("test", _table(candidates, seeds, scoring, "validation"))
    found["rank_test_score"] = ranks(found["mean_test_score"])
    if with_train_scores:
        found |= _scores("train", _table(candidates, seeds, scoring, "train"))
    return found


def ranks(means: NDArray[np.float64]) -> NDArray[np.int32]:
    """1 for the highest, ties alike, NaN behind all others."""
    if np.isnan(means).all():
        return np.ones(len(means), dtype=np.int32)
    worst = np.nanmin(means) - 1
    return np.asarray(rankdata(-np.where(np.isnan(means), worst, means), method="min"), dtype=np.int32)


def _params(run: Run, space: Mapping[str, Any]) -> dict[str, Any]:
    configuration = run.configuration
    params = {}
    for name, spec in space.items():
        value = configuration.get(ALIASES.get(name, name))
        params[name] = _as_given(value, spec.get("values", ()) if isinstance(spec, Mapping) else spec)
    return params


def _as_given(value: Any, values: Iterable[Any]) -> Any:
    """The object that the user gave for this value: a tuple stays a tuple."""
    return next((each for each in values if plain(each) == value), value)


def _table(
    candidates: Mapping[str, Mapping[int, Run]], seeds: Sequence[int], scoring: str, part: str
) -> NDArray[np.float64]:
    metric, negated = SCORINGS[scoring]
    sign = -1.0 if negated else 1.0
    return np.array(
        [
            [sign * _score(by_seed.get(seed), f"{part}_{metric}") for seed in seeds]
            for by_seed in candidates.values()
        ]
    )


def _score(run: Run | None, metric: str) -> float:
    if run is None or run.state != "completed":
        return float("nan")
    return run.metrics.get(metric, float("nan"))


def _scores(kind: str, table: NDArray[np.float64]) -> Results:
    splits: Results = {f"split{place}_{kind}_score": column.copy() for place, column in enumerate(table.T)}
    return {**splits, f"mean_{kind}_score": table.mean(axis=1), f"std_{kind}_score": table.std(axis=1)}


def _times(candidates: Mapping[str, Mapping[int, Run]], seeds: Sequence[int]) -> Results:
    seconds = np.array(
        [
            [
                float(run.document["train_seconds"] or 0.0) if (run := by_seed.get(seed)) else 0.0
                for seed in seeds
            ]
            for by_seed in candidates.values()
        ]
    )
    none = np.zeros(len(candidates))  # validation is part of every epoch
    return {
        "mean_fit_time": seconds.mean(axis=1),
        "std_fit_time": seconds.std(axis=1),
        "mean_score_time": none,
        "std_score_time": none.copy(),
    }


def _masked(values: Sequence[Any]) -> np.ma.MaskedArray[Any, Any]:
    kinds = {type(value) for value in values}
    is_plain = len(kinds) == 1 and kinds <= {int, float, bool}
    array = np.ma.MaskedArray(
        np.empty(len(values), dtype=next(iter(kinds)) if is_plain else object), mask=False
    )
    for place, value in enumerate(values):
        array[place] = value
    return array
