"""scikit-learn's multilayer perceptron, fitted once for each run."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_info

from benchmarks.peers.protocol import Prepared, serve
from benchmarks.peers.task import Task


def prepare(task: Task) -> Prepared:
    """Prepare a network for each run; each fit begins with the task's first weights."""
    warnings.filterwarnings("ignore", category=ConvergenceWarning)  # all epochs are wanted, converged or not
    estimators = [
        (seed, _estimator(task, seed, rate)) for seed, rate in product(range(len(task.seeds)), task.rates)
    ]
    targets = task.targets if task.loss == "mse" else task.classes
    for _, estimator in estimators:
        estimator.partial_fit(task.inputs, targets, **_classes(task))  # makes the arrays to write into

    def train_one(seed: int, estimator: MLPClassifier | MLPRegressor) -> float:
        estimator.coefs_ = [weight[seed].copy() for weight in task.weights]
        estimator.intercepts_ = [np.zeros(weight.shape[2], np.float32) for weight in task.weights]
        estimator.fit(task.inputs, targets)
        # Its squared error is half of ours.
        return estimator.loss_ * (2.0 if task.loss == "mse" else 1.0)

    return Prepared(lambda: [train_one(seed, estimator) for seed, estimator in estimators])


def _estimator(task: Task, seed: int, rate: float) -> MLPClassifier | MLPRegressor:
    # It descends half the sum of squares over outputs, where the task's loss is their mean. To Adam the
    # gradient's size is all the same.
    scaled = rate * 2.0 / task.outputs if task.loss == "mse" and task.optimizer != "adam" else rate
    kind = MLPRegressor if task.loss == "mse" else MLPClassifier
    return kind(
        hidden_layer_sizes=task.hidden,
        solver="adam" if task.optimizer == "adam" else "sgd",
        momentum=0.9 if task.optimizer == "momentum" else 0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        batch_size=task.batch,
        learning_rate_init=scaled,
        max_iter=task.epochs,
        n_iter_no_change=task.epochs + 1,
        tol=0.0,
        random_state=task.seeds[seed],
        warm_start=True,
    )


def _classes(task: Task) -> dict[str, np.ndarray]:
    return {} if task.loss == "mse" else {"classes": np.arange(task.outputs)}


def _about() -> dict[str, str]:
    kernels = {str(pool.get("architecture")) for pool in threadpool_info() if pool["user_api"] == "blas"}
    return {"scikit-learn": sklearn.__version__, "products": f"OpenBLAS {', '.join(sorted(kernels))}"}


if __name__ == "__main__":
    serve(prepare, _about())
