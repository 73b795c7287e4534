"""A trained network answers rows: the same preprocessing and the same arithmetic as in its training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.arrays import Float64Array, IntArray
from core.evaluation import Trained, predict
from core.examples import Examples
from core.fields import CLASS_LOSSES
from service.datasets.table import Table
from service.datasets.targets import ClassTarget, Label, NumberTarget
from service.inference.threads import one_thread
from service.inference.trained import TrainedNetwork


@dataclass(frozen=True, slots=True)
class ClassAnswers:
    """Answers of a classification.

    Shapes:
        chosen   (rows,) the index of each row's class: the first of the largest outputs, as in every score
        outputs  (rows, classes) probabilities where `are_probabilities`, else what the network gives

    Under cross_entropy probabilities sum to 1; under binary_cross_entropy each class has one of its own.
    """

    labels: tuple[Label, ...]
    chosen: IntArray
    outputs: Float64Array
    are_probabilities: bool


@dataclass(frozen=True, slots=True)
class NumberAnswers:
    """Answers of a regression, in the user's units.

    Shapes:
        values  (rows, columns)
    """

    columns: tuple[str, ...]
    values: Float64Array


def answer(network: TrainedNetwork, table: Table) -> ClassAnswers | NumberAnswers:
    """What the network says of every row of a table that has its feature columns.

    Raises:
        InvalidSubmission: a number is too far from the fitted rows to be scaled.
    """
    one_thread()
    inputs = network.preprocessing.inputs(table)
    outputs = predict(network.configuration, network.parameters, inputs)
    target = network.preprocessing.target
    if isinstance(target, NumberTarget):
        with np.errstate(all="ignore"):
            return NumberAnswers(target.columns, target.original(outputs))
    return ClassAnswers(
        target.labels,
        _classes(network, target, inputs),
        outputs,
        are_probabilities=network.configuration.loss in CLASS_LOSSES,
    )


def _classes(network: TrainedNetwork, target: ClassTarget, inputs: Float64Array) -> IntArray:
    # Of the outputs as scores see them, not of the probabilities: far from 0 those are all 0 or 1.
    rows = len(inputs)
    examples = Examples(inputs, np.zeros(rows, np.int64), target.outputs, "classification")
    trained = Trained(network.configuration, [network.parameters], examples)
    found = trained.on([np.arange(rows, dtype=np.int64)])
    return np.asarray(found.outputs[0].argmax(axis=1), dtype=np.int64)
