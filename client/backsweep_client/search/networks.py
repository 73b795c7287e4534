"""One network as a scikit-learn estimator: trained by the service, answering here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from backsweep_client.client import Client
from backsweep_client.problems import BacksweepError
from backsweep_client.search.distributions import plain
from backsweep_client.search.forward import Forward
from backsweep_client.search.tables import Table, keep, table_of
from backsweep_client.sweeps import Sweep

# With these a network stops by its validation loss, and so needs validation rows in its last training, too.
STOPPING = ("patience", "stop_generalization_loss", "stop_progress", "restore_best")


class TrainingFailed(BacksweepError):
    """The network that was asked for could not be trained; the message has the service's reason."""


class _Network(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """What classifier and regressor share.

    `parameters` are fields of a configuration, all else the service's defaults. It trains on all rows; only
    where it stops by its validation loss, `validation_fraction` of them are held back.
    """

    _task: str
    forward_: Forward

    def __init__(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        scale: str = "standardize",
        validation_fraction: float = 0.2,
        timeout: float | None = None,
        client: Client | None = None,
    ) -> None:
        self.parameters = parameters
        self.seed = seed
        self.scale = scale
        self.validation_fraction = validation_fraction
        self.timeout = timeout
        self.client = client

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's names
        """Train one network on X (rows, columns) and y; NaN in X is a missing value.

        Raises:
            TrainingFailed: it diverged, or ended as failed.
            TimedOut: it was not trained after `timeout` seconds, and is canceled.
            Problem: the service refused.
        """
        data, target = checked(self, X, y, is_classes=self._task == "classification")
        table = table_of(data, target, is_classes=self._task == "classification")
        with connected(self.client) as client:
            sweep = client.submit(self._submission(keep(client, table), table))
            waited(sweep, timeout=self.timeout)
            self._take(client, sweep)
        self._after_fit(table)
        return self

    def _submission(self, dataset: str, table: Table) -> dict[str, Any]:
        parameters = {name: {"value": plain(value)} for name, value in (self.parameters or {}).items()}
        stops = any(name in parameters for name in STOPPING)
        split = {"validation": self.validation_fraction, "test": 0} if stops else {"train": 1.0}
        return {
            "name": f"{type(self).__name__} on {dataset[:30]}",
            **subject(dataset, table, self._task),
            "scale": self.scale,
            "split": split,
            "metric": {"name": "validation_loss" if stops else "train_loss"},
            "seeds": [self.seed],
            "baselines": False,
            "parameters": parameters,
        }

    def _take(self, client: Client, sweep: Sweep) -> None:
        run = next(sweep.runs(limit=1))
        if run.state != "completed":
            raise TrainingFailed(f"the network is {run.state}: {run.reason or 'no reason was given'}")
        self.run_id_ = run.id
        self.n_iter_ = int(run.document["epoch"])
        self.forward_ = Forward.of(client.preprocessing(sweep.id), run.configuration, run.weights())

    def _after_fit(self, table: Table) -> None:
        raise NotImplementedError

    def _outputs(self, X: Any) -> NDArray[Any]:  # noqa: N803 - as above
        check_is_fitted(self, "forward_")
        data = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.forward_.outputs(data)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.required = True
        return tags


class NetworkClassifier(ClassifierMixin, _Network):  # type: ignore[misc]  # as above
    """A network whose outputs are classes."""

    _task = "classification"

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803 - as above
        """The class of each row: that with the largest output."""
        return np.asarray(self.classes_[self._outputs(X).argmax(axis=1)])

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - as above
        """A probability of each class for each row, in the order of `classes_`, adding up to 1.

        Raises: AttributeError where the loss makes no probabilities of the outputs.
        """
        outputs = self._outputs(X).astype(np.float64)
        if self.forward_.output not in ("softmax", "sigmoid"):
            raise AttributeError(f"a network that ends in {self.forward_.output} has no probabilities")
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def _after_fit(self, table: Table) -> None:
        self.classes_ = np.asarray(table.classes)


class NetworkRegressor(RegressorMixin, _Network):  # type: ignore[misc]  # as above
    """A network whose outputs are numbers, in the units of y."""

    _task = "regression"

    def predict(self, X: Any) -> NDArray[np.float64]:  # noqa: N803 - as above
        """The value of each row, (rows,) or (rows, targets)."""
        outputs = self._outputs(X).astype(np.float64)
        return np.asarray(outputs[:, 0] if self._is_single else outputs)

    def _after_fit(self, table: Table) -> None:
        self._is_single = len(table.targets) == 1


def checked(estimator: Any, X: Any, y: Any, *, is_classes: bool) -> tuple[Any, Any]:  # noqa: N803 - as above
    """X as float64 and y, or scikit-learn's own errors."""
    data, target = validate_data(
        estimator,
        X,
        y,
        dtype=np.float64,
        ensure_all_finite="allow-nan",
        ensure_min_samples=2,
        multi_output=not is_classes,
        y_numeric=not is_classes,
    )
    if is_classes:
        check_classification_targets(target)
        if len(np.unique(target)) < 2:
            raise ValueError(
                f"y has one class, {target[0]!r}: there is nothing to learn; needs 2 classes or more"
            )
    return data, target


def subject(dataset: str, table: Table, task: str) -> dict[str, Any]:
    """What a submission says of its data."""
    targets = list(table.targets)
    return {"dataset": dataset, "target": targets[0] if len(targets) == 1 else targets, "task": task}


def waited(sweep: Sweep, *, progress: bool = False, timeout: float | None = None) -> None:
    """Wait for the end; whoever gives up waiting takes the sweep back."""
    try:
        sweep.wait(progress=progress, timeout=timeout)
    except BaseException:
        with suppress(BacksweepError):  # it may be final by now, or the service away: why it ended is told
            sweep.cancel()
        raise


@contextmanager
def connected(client: Client | None) -> Iterator[Client]:
    """The client that was given, or one for as long as it is needed."""
    if client is not None:
        yield client
        return
    with Client() as own:
        yield own
