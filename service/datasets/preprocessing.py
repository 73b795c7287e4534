"""What turns a table into inputs and targets is fitted once, on the rows outside the test set.

It is kept with the sweep. The same `Preprocessing` is applied to training, validation and test rows and to
what is predicted later. As JSON it keeps every bit: Python writes a float with the fewest digits that read
back as the same float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast, get_args

import numpy as np

from core.examples import Examples
from service.datasets import features, targets
from service.datasets.features import Feature, NumberFeature, Scale, TextFeature
from service.datasets.table import FloatArray, IntArray, Table
from service.datasets.targets import ClassTarget, Label, NumberTarget, Objective, Target, Task
from service.errors import Fault, InvalidSubmission

FORMAT = 1  # of the JSON


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """The fitted features, in the order of the network's inputs, and the fitted target."""

    task: Task
    scale: Scale
    features: tuple[Feature, ...]
    target: Target

    @property
    def input_names(self) -> tuple[str, ...]:
        """One name for each input of the network."""
        return tuple(name for feature in self.features for name in feature.inputs)

    @property
    def outputs(self) -> int:
        """How many outputs the network has."""
        return self.target.outputs

    @property
    def labels(self) -> tuple[Label, ...] | None:
        """The classes in the order of the outputs; None for a regression."""
        return self.target.labels if isinstance(self.target, ClassTarget) else None

    @property
    def constant_features(self) -> tuple[str, ...]:
        """The columns that are constant over the fitted rows and so are 0 in every row."""
        return tuple(feature.column for feature in self.features if feature.constant)

    @property
    def imputed_features(self) -> tuple[str, ...]:
        """The columns in which fitted rows were missing and were filled in."""
        return tuple(feature.column for feature in self.features if feature.indicator)

    @property
    def empty_text_features(self) -> tuple[str, ...]:
        """The text columns in which the empty text is a category, and no missing value."""
        texts = (feature for feature in self.features if isinstance(feature, TextFeature))
        return tuple(each.column for each in texts if each.knows_the_empty_text)

    def inputs(self, table: Table) -> FloatArray:
        """The network's inputs, (rows, inputs), float64 and C-contiguous; the target need not be there."""
        blocks = [feature.apply(table) for feature in self.features]
        return np.ascontiguousarray(np.concatenate(blocks, axis=1))

    def transform(self, table: Table) -> Examples:
        """Every row of the table as the core's examples."""
        return Examples(
            inputs=self.inputs(table), targets=self.target.read(table), outputs=self.outputs, task=self.task
        )

    def to_json(self) -> dict[str, Any]:
        """Everything that was fitted, as values that JSON can hold."""
        return {
            "format": FORMAT,
            "task": self.task,
            "scale": self.scale,
            "features": [asdict(feature) for feature in self.features],
            "target": asdict(self.target),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Preprocessing:
        """The same preprocessing again, to the last bit."""
        if document["format"] != FORMAT:
            raise ValueError(
                f"stored preprocessing has format {document['format']!r}; this version reads {FORMAT}"
            )
        return cls(
            document["task"],
            document["scale"],
            tuple(_feature(stored) for stored in document["features"]),
            _target(document["target"]),
        )


def fit(
    table: Table,
    *,
    target: str | Sequence[str] | None,
    features: Sequence[str] | None,
    task: Task | None,
    scale: Scale,
    rows_outside_test: IntArray,
    excluded: Sequence[str] = (),
) -> Preprocessing:
    """The preprocessing for these columns; `excluded` ones (the split's own) are no default features.

    Raises: InvalidSubmission with every column that cannot be used.
    """
    objective = targets.choose(table, target, task)
    return fit_objective(
        table,
        objective,
        features=features,
        scale=scale,
        rows_outside_test=rows_outside_test,
        excluded=excluded,
    )


def fit_objective(
    table: Table,
    objective: Objective,
    *,
    features: Sequence[str] | None,
    scale: Scale,
    rows_outside_test: IntArray,
    excluded: Sequence[str] = (),
) -> Preprocessing:
    """The same for a target that was chosen already, since a stratified split needs it first."""
    if scale not in get_args(Scale):
        raise InvalidSubmission([Fault("scale", "is not known", scale, ", ".join(get_args(Scale)))])
    faults: list[Fault] = []
    fitted_target: Target | None = None
    try:
        fitted_target = targets.fit(objective, table, rows_outside_test)
    except InvalidSubmission as error:
        faults.extend(error.faults)
    fitted = _fit_features(table, features, (*objective.columns, *excluded), rows_outside_test, scale, faults)
    if faults or fitted_target is None:
        raise InvalidSubmission(faults)
    return Preprocessing(objective.task, scale, fitted, fitted_target)


def _fit_features(
    table: Table,
    asked: Sequence[str] | None,
    taken: Sequence[str],
    rows: IntArray,
    scale: Scale,
    faults: list[Fault],
) -> tuple[Feature, ...]:
    try:
        names = features.choose(table, asked, taken)
    except InvalidSubmission as error:
        faults.extend(error.faults)
        return ()
    if asked is None:
        names = tuple(name for name in names if features.makes_a_feature(table, name, rows))
        if not names:
            message = "no column beside the target makes a feature: their texts (nearly) all differ"
            faults.append(Fault("features", message, None, f"at most {features.MAX_CATEGORIES} categories"))
    fitted: list[Feature] = []
    for name in names:
        try:
            fitted.append(features.fit(table, name, rows, scale))
        except InvalidSubmission as error:
            faults.extend(error.faults)
    return tuple(fitted)


def _feature(stored: Mapping[str, Any]) -> Feature:
    if "categories" in stored:
        return TextFeature(**{**stored, "categories": tuple(stored["categories"])})
    # PostgreSQL's jsonb hands 1e22 back as a whole number.
    return NumberFeature(**{**stored, **{name: float(stored[name]) for name in ("fill", "center", "scale")}})


def _target(stored: Mapping[str, Any]) -> Target:
    if "labels" in stored:
        return ClassTarget(stored["column"], tuple(cast("list[Label]", stored["labels"])))
    means, deviations = (tuple(float(number) for number in stored[name]) for name in ("means", "deviations"))
    return NumberTarget(tuple(stored["columns"]), means, deviations)
