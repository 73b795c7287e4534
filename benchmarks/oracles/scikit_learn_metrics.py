"""scikit-learn's metrics of made-up answers, and its weights of made-up classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.utils.class_weight import compute_class_weight

ROWS = 30


def classification() -> dict[str, Any]:
    """Return logits (rows, classes) and truths, and what they are worth.

    In the second some classes are never answered, one does not occur, and one is only answered.
    """
    draw = np.random.default_rng(4)
    logits = draw.standard_normal((ROWS, 4)).round(3)
    partial = logits.copy()
    partial[:, 0] -= 9.0
    partial[:, 3] -= 9.0
    truths = draw.integers(0, 4, ROWS)
    return {
        "every class": _classified(logits, truths),
        "classes that are missing": _classified(partial, np.where(truths == 2, 1, truths) % 3),
    }


def regression() -> dict[str, Any]:
    """Return answers and truths (rows, outputs), and what they are worth; outputs differ in scale."""
    draw = np.random.default_rng(5)
    truths = (draw.standard_normal((ROWS, 3)) * [1.0, 20.0, 0.1]).round(3)
    answers = (truths + draw.standard_normal((ROWS, 3)) * [0.5, 15.0, 0.2]).round(3)
    constant = truths.copy()
    constant[:, 1] = 2.5
    met = answers.copy()
    met[:, 1] = 2.5
    return {
        "one output": _regressed(answers[:, :1], truths[:, :1]),
        "three outputs": _regressed(answers, truths),
        "a constant output that is missed": _regressed(answers, constant),
        "a constant output that is met": _regressed(met, constant),
    }


def class_weights() -> dict[str, Any]:
    """Return classes and their balanced weights."""
    draw = np.random.default_rng(6)
    found = {}
    for name, shares in {"three classes": [0.6, 0.3, 0.1], "two classes": [0.8, 0.2]}.items():
        classes = draw.choice(len(shares), ROWS, p=shares)
        weights = compute_class_weight("balanced", classes=np.unique(classes), y=classes)
        found[name] = {"classes": classes.tolist(), "weights": weights.tolist()}
    return found


def _classified(logits: np.ndarray, truths: np.ndarray) -> dict[str, Any]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    predicted = logits.argmax(axis=1)
    return {
        "logits": logits.tolist(),
        "truths": truths.tolist(),
        "loss": float(metrics.log_loss(truths, shares, labels=np.arange(logits.shape[1]))),
        "accuracy": float(metrics.accuracy_score(truths, predicted)),
        "macro_f1": float(metrics.f1_score(truths, predicted, average="macro")),
        "confusion": metrics.confusion_matrix(truths, predicted, labels=np.arange(logits.shape[1])).tolist(),
    }


def _regressed(answers: np.ndarray, truths: np.ndarray) -> dict[str, Any]:
    return {
        "answers": answers.tolist(),
        "truths": truths.tolist(),
        "loss": float(metrics.mean_squared_error(truths, answers)),
        "r2": float(metrics.r2_score(truths, answers)),
        "mae": float(metrics.mean_absolute_error(truths, answers)),
        "rmse": float(metrics.root_mean_squared_error(truths, answers)),
        "by output": {
            name: measure(truths, answers, multioutput="raw_values").tolist()
            for name, measure in {
                "r2": metrics.r2_score,
                "mae": metrics.mean_absolute_error,
                "rmse": metrics.root_mean_squared_error,
            }.items()
        },
    }
