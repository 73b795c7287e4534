"""scikit-learn trains the cases it is given, converted where its losses, rates and penalties differ."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.oracles.scikit_learn_metrics import class_weights, classification, regression

ACTIVATIONS = {"relu": "relu", "tanh": "tanh", "sigmoid": "logistic", "identity": "identity"}


def train(case: dict[str, Any], start: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return a case's training losses by epoch, where no penalty is in them, and its last weights."""
    values, outputs = case["values"], table["outputs"]
    inputs, targets = np.array(table["inputs"]), np.array(table["targets"])
    told: dict[str, Any] = {}
    if table["task"] == "classification":
        told = {"classes": np.arange(outputs)}
        if values["loss"] == "binary_cross_entropy":  # several labels, one sigmoid each
            targets = np.eye(outputs, dtype=np.int64)[targets]
    estimator = _estimator(values, outputs)
    estimator.partial_fit(inputs, targets, **told)  # makes the arrays to write into
    layers = range(len(values["hidden_layers"]) + 1)
    parameters = {name: np.array(tensor) for name, tensor in start["parameters"].items()}
    estimator.coefs_ = [parameters[f"layers.{layer}.weight"] for layer in layers]
    estimator.intercepts_ = [parameters[f"layers.{layer}.bias"] for layer in layers]
    vars(estimator).pop("_optimizer")  # has seen the step that was taken to make the arrays
    size, losses = values["batch_size"], []
    for order in start["orders"]:
        total = 0.0
        for first in range(0, len(order), size):
            rows = order[first : first + size]
            estimator.partial_fit(inputs[rows], targets[rows], **told)  # a batch is one step
            total += estimator.loss_ * len(rows)
        losses.append(total / len(order) * _loss_factor(values["loss"], outputs))
    last = {f"layers.{layer}.weight": estimator.coefs_[layer].tolist() for layer in layers}
    last |= {f"layers.{layer}.bias": estimator.intercepts_[layer].tolist() for layer in layers}
    return {"parameters": last} if "l2" in values else {"train_loss": losses, "parameters": last}


def _estimator(values: dict[str, Any], outputs: int) -> MLPClassifier | MLPRegressor:
    """Return an estimator whose gradient times rate is ours.

    It descends half the squares summed over outputs, and binary cross-entropy summed over them; ours are
    means. It divides alpha by the batch size, and adds Adam's epsilon before the correction of bias: here it
    is next to nothing, so that its place makes no difference. To Adam a gradient's size is all the same.
    """
    share = _gradient_share(values["loss"], outputs)  # our gradient over its own
    adam = values["optimizer"] == "adam"
    kind = MLPRegressor if values["loss"] == "mse" else MLPClassifier
    return kind(
        hidden_layer_sizes=tuple(values["hidden_layers"]),
        activation=ACTIVATIONS[values["activation"]],
        solver="adam" if adam else "sgd",
        learning_rate_init=values["learning_rate"] * (1.0 if adam else share),
        momentum=values.get("momentum", 0.0),
        nesterovs_momentum=values["optimizer"] == "nesterov",
        beta_1=values.get("beta1", 0.9),
        beta_2=values.get("beta2", 0.999),
        epsilon=values.get("epsilon", 1e-8),
        alpha=values.get("l2", 0.0) * values["batch_size"] / share,
        batch_size="auto",
        shuffle=False,
    )


def _gradient_share(loss: str, outputs: int) -> float:
    return {"mse": 2.0 / outputs, "cross_entropy": 1.0, "binary_cross_entropy": 1.0 / outputs}[loss]


def _loss_factor(loss: str, outputs: int) -> float:
    """Return our loss over the one that scikit-learn reports: of squares half the mean over outputs."""
    return {"mse": 2.0, "cross_entropy": 1.0, "binary_cross_entropy": 1.0 / outputs}[loss]


def main() -> None:
    """Answer the question on standard input."""
    question = json.load(sys.stdin)
    cases = [
        train(case, question["starts"][case["start"]], question["tables"][case["table"]])
        for case in question["cases"]
    ]
    facts = {"classification": classification(), "regression": regression(), "class_weights": class_weights()}
    versions = {"scikit-learn": sklearn.__version__, "numpy": np.__version__}
    json.dump({"versions": versions, **facts, "cases": cases}, sys.stdout)


if __name__ == "__main__":
    main()
