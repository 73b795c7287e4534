"""A sweep as scikit-learn's search: the same questions and attributes, trained by the service all at once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer
from sklearn.utils import ClassifierTags, RegressorTags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from backsweep_client.client import Client
from backsweep_client.search import distributions
from backsweep_client.search.networks import (
    NetworkClassifier,
    NetworkRegressor,
    checked,
    connected,
    subject,
    waited,
)
from backsweep_client.search.results import CLASSIFICATION, SCORINGS, results
from backsweep_client.search.tables import Table, keep, table_of

MOST_SEED = 2**31
MOST_WHOLE_NUMBERS = 20  # distinct ones that are taken for classes unasked, as the service does


def _has_estimator(name: str) -> Any:
    def has(search: SweepSearchCV) -> bool:
        estimator = getattr(search, "best_estimator_", None)
        if estimator is not None:
            getattr(estimator, name)  # its own AttributeError says why
            return True
        return search.task != "regression" or name == "predict"

    return has


class SweepSearchCV(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Search over a network's settings by a sweep, as GridSearchCV and RandomizedSearchCV do.

    `param_grid` has a list of values for each field of a configuration, and every combination is trained;
    `param_distributions` has lists, SciPy's frozen distributions or the service's own, of which `n_iter`
    combinations are drawn. `parameters` are the same for all of them. Each setting is trained `cv` times,
    each time with another seed that draws first weights, order and the `validation_fraction` of the rows on
    which it is scored: repeated random splits, not folds. Settings are compared by the mean of the scores.

    With `refit` the best setting is trained again on all rows and answers `predict`, here and without the
    service. `task` is `classification` or `regression`; by default words and up to 20 distinct whole numbers
    are classes. The search, and then the last training, may take `timeout` seconds each. `client` is the
    service to ask, by default the one on this machine.
    """

    def __init__(
        self,
        param_grid: Mapping[str, Any] | None = None,
        *,
        param_distributions: Mapping[str, Any] | None = None,
        n_iter: int = 10,
        parameters: Mapping[str, Any] | None = None,
        cv: int = 5,
        validation_fraction: float = 0.2,
        scoring: str | None = None,
        refit: bool = True,
        random_state: int | None = None,
        return_train_score: bool = False,
        task: str | None = None,
        scale: str = "standardize",
        timeout: float | None = None,
        verbose: int = 0,
        client: Client | None = None,
    ) -> None:
        self.param_grid = param_grid
        self.param_distributions = param_distributions
        self.n_iter = n_iter
        self.parameters = parameters
        self.cv = cv
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.refit = refit
        self.random_state = random_state
        self.return_train_score = return_train_score
        self.task = task
        self.scale = scale
        self.timeout = timeout
        self.verbose = verbose
        self.client = client

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's names
        """Train every setting on X (rows, columns) and y, and find the best; NaN in X is a missing value.

        Raises:
            ValueError: nothing to search, an unknown scoring, or no setting that could be trained.
            Problem: the service refused; its `errors` say what and where.
        """
        task = self._task_of(y)
        data, target = checked(self, X, y, is_classes=task == "classification")
        scoring = self._scoring(task)
        space = self._space()
        table = table_of(data, target, is_classes=task == "classification")
        seeds = self._seeds()
        with connected(self.client) as client:
            submission = self._submission(keep(client, table), table, task, space, seeds)
            sweep = client.submit(submission)
            waited(sweep, progress=bool(self.verbose), timeout=self.timeout)
            runs = list(sweep.runs(role="search"))
            self.sweep_id_, self.headline_ = sweep.id, sweep.headline
            self._keep_results(
                results(runs, seeds, self._given(), scoring, with_train_scores=self.return_train_score),
                scoring,
            )
            if self.refit:
                self._refit(client, task, X, y)
        if task == "classification":
            self.classes_ = np.asarray(table.classes)
        return self

    @available_if(_has_estimator("predict"))  # type: ignore[untyped-decorator]  # as above
    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803 - as above
        """What the best setting's network says of each row."""
        return np.asarray(self._best().predict(X))

    @available_if(_has_estimator("predict_proba"))  # type: ignore[untyped-decorator]  # as above
    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - as above
        """A probability of each class for each row."""
        return np.asarray(self._best().predict_proba(X))

    def score(self, X: Any, y: Any) -> float:  # noqa: N803 - as above
        """The best setting's network, scored on other rows by `scoring`."""
        best = self._best()
        return float(self.scorer_(best, X, y))

    def _best(self) -> Any:
        check_is_fitted(self, "cv_results_")
        if not self.refit:
            raise AttributeError("this search was made with refit=False: there is no best_estimator_")
        return self.best_estimator_

    def _task_of(self, y: Any) -> str:
        if self.task not in (None, "classification", "regression"):
            raise ValueError(f"task is {self.task!r}; allowed are classification, regression and None")
        if self.task is not None:
            return self.task
        if type_of_target(y) not in ("binary", "multiclass"):
            return "regression"
        values = np.asarray(y)
        is_numbers = values.dtype.kind in "iuf"
        return (
            "regression" if is_numbers and len(np.unique(values)) > MOST_WHOLE_NUMBERS else "classification"
        )

    def _scoring(self, task: str) -> str:
        scoring = self.scoring or ("accuracy" if task == "classification" else "r2")
        allowed = [name for name in SCORINGS if (name in CLASSIFICATION) == (task == "classification")]
        if scoring not in allowed:
            raise ValueError(f"scoring is {scoring!r}; allowed for a {task} are {', '.join(allowed)}")
        return scoring

    def _given(self) -> Mapping[str, Any]:
        if (self.param_grid is None) == (self.param_distributions is None):
            raise ValueError("give either param_grid or param_distributions")
        given = self.param_grid if self.param_grid is not None else self.param_distributions
        assert given is not None  # noqa: S101 - one of them is there
        return given

    def _space(self) -> dict[str, Any]:
        given = self._given()
        make = distributions.grid if self.param_grid is not None else distributions.distributions
        constants = {
            name: {"value": distributions.plain(value)} for name, value in (self.parameters or {}).items()
        }
        return {**constants, **make(given)}

    def _seeds(self) -> list[int]:
        if self.cv < 1:
            raise ValueError(f"cv is {self.cv}; allowed is a number of seeds from 1")
        if self.random_state is None:
            return list(range(self.cv))
        first = int(check_random_state(self.random_state).randint(MOST_SEED))
        return [first + place for place in range(self.cv)]

    def _submission(
        self, dataset: str, table: Table, task: str, space: Mapping[str, Any], seeds: list[int]
    ) -> dict[str, Any]:
        metric = {"accuracy": "validation_accuracy", "r2": "validation_r2"}.get(
            self._scoring(task), "validation_loss"
        )
        search: dict[str, Any] = {"method": "grid"}
        if self.param_distributions is not None:
            seed = {} if self.random_state is None else {"search_seed": seeds[0]}
            search = {"method": "random", "run_cap": self.n_iter, **seed}
        return {
            "name": f"SweepSearchCV over {', '.join(self._given())}"[:200],
            **subject(dataset, table, task),
            **search,
            "scale": self.scale,
            "split": {"validation": self.validation_fraction, "test": 0},
            "metric": {"name": metric},
            "seeds": seeds,
            "baselines": False,
            "keep_weights": "none",
            "parameters": dict(space),
        }

    def _keep_results(self, found: dict[str, Any], scoring: str) -> None:
        if np.isnan(found["mean_test_score"]).all():
            raise ValueError(f"no setting could be trained with every seed: {self.headline_}")
        self.cv_results_ = found
        self.scorer_ = get_scorer(scoring)
        self.multimetric_ = False
        self.n_splits_ = self.cv
        self.best_index_ = int(found["rank_test_score"].argmin())
        self.best_params_ = found["params"][self.best_index_]
        self.best_score_ = float(found["mean_test_score"][self.best_index_])

    def _refit(self, client: Client, task: str, X: Any, y: Any) -> None:  # noqa: N803 - as above
        kind = NetworkClassifier if task == "classification" else NetworkRegressor
        begun = time.perf_counter()
        self.best_estimator_ = kind(
            {**(self.parameters or {}), **self.best_params_},
            seed=self._seeds()[0],
            scale=self.scale,
            validation_fraction=self.validation_fraction,
            timeout=self.timeout,
            client=client,
        ).fit(X, y)
        self.best_estimator_.client = self.client
        self.refit_time_ = time.perf_counter() - begun

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        tags.estimator_type = {"classification": "classifier", "regression": "regressor"}.get(self.task or "")
        tags.classifier_tags = ClassifierTags() if self.task == "classification" else None
        tags.target_tags.multi_output = self.task == "regression"
        tags.regressor_tags = RegressorTags() if self.task == "regression" else None
        return tags
