"""The search is compared with scikit-learn's own, in conventions and in what it learns."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPClassifier

from backsweep_client import Client, Invalid, TimedOut
from backsweep_client.search import NetworkClassifier, SweepSearchCV
from backsweep_client.search.results import ranks

GRID = {"learning_rate": [0.001, 0.1], "hidden_layers": [(4,), (8, 4)]}


@pytest.fixture(scope="module")
def iris() -> tuple[Any, Any]:
    data, target = load_iris(return_X_y=True)
    return data, np.array(["setosa", "versicolor", "virginica"])[target]


@pytest.fixture(scope="module")
def search(client: Client, iris: tuple[Any, Any]) -> SweepSearchCV:
    """A fitted search, which no test may change."""
    return SweepSearchCV(GRID, parameters={"epochs": 40}, cv=3, client=client, return_train_score=True).fit(
        *iris
    )


def test_the_attributes_are_those_of_scikit_learns_grid_search(
    search: SweepSearchCV, iris: tuple[Any, Any]
) -> None:
    grid = {"learning_rate_init": [0.01], "hidden_layer_sizes": [(4,)]}
    model = MLPClassifier(max_iter=2000, solver="lbfgs", max_fun=15)
    with pytest.warns(ConvergenceWarning):  # of convergence, which is not what is compared
        theirs = GridSearchCV(model, grid, cv=3, return_train_score=True).fit(*iris)
    of_fit = {name for name in vars(theirs) if name.endswith("_")}
    assert of_fit - {"best_estimator_"} <= {name for name in dir(search) if name.endswith("_")}
    shared = {name for name in theirs.cv_results_ if not name.startswith("param_")}
    assert shared <= set(search.cv_results_)
    for name in shared - {"params"}:
        assert search.cv_results_[name].dtype == theirs.cv_results_[name].dtype, name
    assert {name for name in search.cv_results_ if name.startswith("param_")} == {
        f"param_{name}" for name in GRID
    }


def test_candidates_come_in_the_order_of_the_grid_with_the_users_own_values(search: SweepSearchCV) -> None:
    assert search.cv_results_["params"] == [
        {"learning_rate": rate, "hidden_layers": layers} for rate in (0.001, 0.1) for layers in ((4,), (8, 4))
    ]
    assert search.cv_results_["param_learning_rate"].tolist() == [0.001, 0.001, 0.1, 0.1]


def test_scores_are_those_that_the_service_measured(search: SweepSearchCV, client: Client) -> None:
    runs = list(client.sweep(search.sweep_id_).runs())
    for split, seed in enumerate((0, 1, 2)):
        measured = [run.metrics["validation_accuracy"] for run in runs if run.seed == seed]
        assert search.cv_results_[f"split{split}_test_score"].tolist() == measured
    table = np.array([search.cv_results_[f"split{split}_test_score"] for split in range(3)])
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], table.mean(axis=0))
    np.testing.assert_allclose(search.cv_results_["std_test_score"], table.std(axis=0))
    assert search.best_index_ == int(np.argmax(table.mean(axis=0)))
    assert search.best_score_ == search.cv_results_["mean_test_score"][search.best_index_]
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]
    assert search.best_params_["learning_rate"] == 0.1


def test_the_best_network_answers_here_what_the_service_answers(
    search: SweepSearchCV, client: Client, iris: tuple[Any, Any]
) -> None:
    data = iris[0].copy()
    data[3, 1] = np.nan
    rows = [
        {f"x{place}": None if np.isnan(value) else value for place, value in enumerate(row)} for row in data
    ]
    told = client.run(search.best_estimator_.run_id_).predict(rows)["predictions"]
    np.testing.assert_allclose(
        search.predict_proba(data), [each["probabilities"] for each in told], atol=1e-6
    )
    names = np.array([str(search.classes_[int(each["class"].split()[1])]) for each in told])
    assert (search.predict(data) == names).all()


def test_it_learns_and_scores_like_any_estimator(search: SweepSearchCV, iris: tuple[Any, Any]) -> None:
    data, target = iris
    assert search.score(data, target) > 0.9
    assert search.score(data, target) == np.mean(search.predict(data) == target)
    assert search.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    np.testing.assert_allclose(search.predict_proba(data).sum(axis=1), 1.0)


def test_a_fitted_search_is_pickled_without_the_secret(search: SweepSearchCV, iris: tuple[Any, Any]) -> None:
    content = pickle.dumps(search)
    assert b"a-token-of-the-tests" not in content
    again = pickle.loads(content)  # noqa: S301 — our own
    assert (again.predict(iris[0]) == search.predict(iris[0])).all()


def test_a_clone_has_the_parameters_and_nothing_learned(search: SweepSearchCV) -> None:
    again = clone(search)
    assert again.get_params()["param_grid"] == GRID
    assert not hasattr(again, "cv_results_")
    with pytest.raises(NotFittedError):
        again.predict([[1.0, 2.0, 3.0, 4.0]])
    assert again.set_params(cv=7).cv == 7


def test_it_is_cross_validated_like_any_estimator(client: Client, iris: tuple[Any, Any]) -> None:
    small = SweepSearchCV(
        {"learning_rate": [0.1]}, parameters={"epochs": 10}, cv=1, client=client, task="classification"
    )
    scores = cross_val_score(small, *iris, cv=2)
    assert scores.shape == (2,)
    assert scores.min() > 0.6


def test_numbers_are_predicted_in_their_units(client: Client) -> None:
    data, target = load_diabetes(return_X_y=True)
    both = np.stack([target, -10 * target], axis=1)
    space = {"learning_rate": [0.01, 0.05]}
    search = SweepSearchCV(
        space, parameters={"epochs": 20}, cv=2, client=client, scoring="neg_root_mean_squared_error"
    )
    search.fit(data, target)
    assert -75 < search.best_score_ < -45  # the constant predictor's is 77
    assert search.score(data, target) > -60
    assert search.predict(data).shape == (442,)
    search.fit(data, both)
    assert search.predict(data).shape == (442, 2)
    np.testing.assert_allclose(np.corrcoef(search.predict(data).T)[0, 1], -1, atol=0.1)


def test_a_setting_that_diverges_ranks_last_and_is_never_best(client: Client) -> None:
    data, target = load_diabetes(return_X_y=True)
    search = SweepSearchCV(
        {"learning_rate": [1e6, 0.01]}, parameters={"epochs": 5}, cv=2, client=client, refit=False
    )
    search.fit(data, target)
    assert search.best_params_ == {"learning_rate": 0.01}
    assert search.cv_results_["rank_test_score"].tolist() == [2, 1]
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    with pytest.raises(AttributeError, match="refit=False"):
        search.predict(data)
    with pytest.raises(ValueError, match="no setting could be trained"):
        SweepSearchCV({"learning_rate": [1e6]}, parameters={"epochs": 5}, cv=2, client=client).fit(
            data, target
        )


def test_ranks_are_scikit_learns() -> None:
    assert ranks(np.array([0.5, np.nan, 0.9, 0.9, 0.1])).tolist() == [3, 5, 1, 1, 4]


def test_the_last_training_is_given_up_in_time_and_canceled(client: Client, iris: tuple[Any, Any]) -> None:
    network = NetworkClassifier({"epochs": 100_000, "learning_rate": 0.001}, timeout=0.2, client=client)
    with pytest.raises(TimedOut):
        network.fit(*iris)
    assert next(client.sweeps(1)).state == "canceled"
    search = SweepSearchCV(
        {"learning_rate": [0.1]}, parameters={"epochs": 1}, cv=1, client=client, timeout=30
    )
    assert search.fit(*iris).best_estimator_.timeout == 30


def test_early_stopping_keeps_its_validation_rows_in_the_last_training(
    client: Client, iris: tuple[Any, Any]
) -> None:
    space = {"learning_rate": [0.1]}
    search = SweepSearchCV(space, parameters={"epochs": 200, "patience": 2}, cv=1, client=client).fit(*iris)
    assert search.best_estimator_.n_iter_ < 200
    network = NetworkClassifier({"epochs": 3}, client=client).fit(*iris)
    assert network.n_iter_ == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"param_grid": None}, "either param_grid or param_distributions"),
        ({"scoring": "r2"}, "allowed for a classification are accuracy"),
        ({"task": "cluster"}, "allowed are classification"),
        ({"cv": 0}, "from 1"),
        ({"param_grid": {"learning_rate": []}}, "at least one value"),
    ],
)
def test_what_cannot_be_searched_is_said(
    client: Client, iris: tuple[Any, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        SweepSearchCV(GRID, client=client).set_params(**changes).fit(*iris)


def test_a_misspelt_parameter_is_the_services_to_tell(client: Client, iris: tuple[Any, Any]) -> None:
    with pytest.raises(Invalid, match="did you mean 'learning_rate'"):
        SweepSearchCV({"learning_rat": [0.1]}, client=client).fit(*iris)


def test_scipys_distributions_are_drawn_by_the_service() -> None:
    from backsweep_client.search.distributions import distributions

    space = {
        "learning_rate": stats.loguniform(1e-3, 1.0),
        "l2": stats.uniform(0.5, 1.0),
        "batch_size": stats.randint(8, 65),
        "activation": ["relu", "tanh"],
    }
    assert distributions(space) == {
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 1.0},
        "l2": {"distribution": "uniform", "min": 0.5, "max": 1.5},
        "batch_size": {"distribution": "int_uniform", "min": 8, "max": 64},
        "activation": {"values": ["relu", "tanh"]},
    }
    with pytest.raises(TypeError, match=r"scipy\.stats\.norm"):
        distributions({"learning_rate": stats.norm(0, 1)})
