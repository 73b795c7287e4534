"""A run's answers on the test rows: counts of classes, or true values with predicted ones."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from pydantic import Field

from service.api.schemas.shape import Number, Shape
from service.lifecycle.evaluate import ClassEvaluation, NumberEvaluation, evenly
from service.lifecycle.evaluate import Evaluation as Found

MOST_CLASSES = 50  # beyond, a table of counts says nothing


class EvaluatedColumn(Shape):
    """One target of a regression on the test rows, in the user's units."""

    column: str
    rows: list[int] = Field(description="Rows of the dataset, from 0.")
    true: list[float]
    predicted: list[Number]


class Evaluation(Shape):
    """What the weights say of the test rows, which no run of the sweep has trained on."""

    run: str
    which: Literal["final", "best"]
    weights_sha256: str
    test_rows: int
    evaluated_rows: int = Field(description="At equal distances where there are more than 100,000.")
    classes: list[str | int | bool] | None = Field(description="Null in a regression.")
    confusion: list[list[int]] | None = Field(
        description="Test rows by their true class (outer) and the predicted one (inner), in the order of "
        "`classes`; null in a regression and with more than 50 classes."
    )
    correct: int | None = Field(description="Rows whose class was predicted; null in a regression.")
    columns: list[EvaluatedColumn] | None = Field(description="Null in a classification.")

    @classmethod
    def of(cls, evaluation: Found, points: int) -> Self:
        """The shape of an evaluation, of a regression with at most so many points at equal distances."""
        found = evaluation.found
        return cls(
            run=evaluation.origin.run,
            which="best" if evaluation.origin.which == "best" else "final",
            weights_sha256=evaluation.origin.weights_sha256,
            test_rows=evaluation.test_rows,
            evaluated_rows=evaluation.evaluated_rows,
            **(_of_classes(found) if isinstance(found, ClassEvaluation) else _of_numbers(found, points)),
        )


def _of_classes(found: ClassEvaluation) -> dict[str, Any]:
    few = len(found.labels) <= MOST_CLASSES
    return {
        "classes": list(found.labels),
        "confusion": found.confusion.tolist() if few else None,
        "correct": int(found.confusion.trace()),
        "columns": None,
    }


def _of_numbers(found: NumberEvaluation, points: int) -> dict[str, Any]:
    places = evenly(np.arange(len(found.rows), dtype=np.int64), points)
    columns = [
        EvaluatedColumn(
            column=name,
            rows=found.rows[places].tolist(),
            true=found.true[places, index].tolist(),
            predicted=found.predicted[places, index].tolist(),
        )
        for index, name in enumerate(found.columns)
    ]
    return {"classes": None, "confusion": None, "correct": None, "columns": columns}
