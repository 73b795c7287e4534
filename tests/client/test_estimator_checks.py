"""scikit-learn's own checks of an estimator, against a real service.

Every check trains, so of a regressor only those are done that a classifier does not have, and of a check that
comes several times, with other kinds of arrays, the first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from unittest import SkipTest

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

from backsweep_client import Client
from backsweep_client.search import SweepSearchCV

REGRESSORS = {"check_regressors_train", "check_regressors_int", "check_regressor_multioutput"}
NEEDS_PANDAS = "check_classifier_data_not_an_array"  # and says so after it has trained


def _checks(search: SweepSearchCV) -> Iterator[tuple[str, Callable[[], Any]]]:
    known = {NEEDS_PANDAS}
    for estimator, check in estimator_checks_generator(search, legacy=True):
        name = getattr(check, "func", check).__name__
        if name not in known and (search.task == "classification" or name in REGRESSORS):
            known.add(name)
            yield name, partial(check, estimator)


@pytest.mark.filterwarnings("ignore")  # the checks provoke many, and look at those that they mean
@pytest.mark.parametrize(
    ("task", "rate", "least"), [("classification", 0.1, 40), ("regression", 0.01, len(REGRESSORS))]
)
def test_scikit_learns_checks_pass(client: Client, task: str, rate: float, least: int) -> None:
    search = SweepSearchCV(
        {"learning_rate": [rate]},
        parameters={"epochs": 10},
        cv=1,
        timeout=60,
        client=client,
        task=task,
        random_state=0,
    )
    done, failed = 0, dict[str, Exception]()
    for name, check in _checks(search):
        try:
            check()
            done += 1
        except SkipTest:  # for want of another package
            continue
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the check's name
            failed[name] = error
    assert failed == {}
    assert done >= least
