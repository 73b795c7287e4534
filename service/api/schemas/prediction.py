"""Rows in, answers out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from service.api.schemas.shape import Number, Shape
from service.datasets.rows import MAX_ROWS
from service.inference.predictions import ClassAnswers, NumberAnswers
from service.inference.trained import Origin
from service.planning.measurements import json_number

_CELL = {"type": ["number", "string", "boolean", "null"]}


class PredictionRequest(BaseModel):
    """Rows, or the same as columns."""

    model_config = ConfigDict(extra="forbid", strict=True)

    which: Literal["final", "best"] = Field(
        default="final", description="Which weights: those it ended with, or of its lowest validation loss."
    )
    rows: list[dict[str, JsonValue]] | None = Field(
        default=None,
        description=f"1 to {MAX_ROWS:,} objects with a value for each feature column of the dataset. A "
        'missing value is null; in a column of numbers also "NaN", in one of text also "". Other columns of '
        "the dataset, the target too, may stand there and are not used.",
    )
    columns: (
        Annotated[
            dict[str, JsonValue],
            WithJsonSchema({"type": "object", "additionalProperties": {"type": "array", "items": _CELL}}),
        ]
        | None
    ) = Field(default=None, description="In place of rows: a list for each column, all of one length.")


class Prediction(Shape):
    """What a network says of one row."""

    label: str | int | bool | None = Field(
        default=None, description="The class; null in a regression.", alias="class"
    )
    probabilities: list[Number] | None = Field(
        default=None,
        description="For each of `classes`: they sum to 1 under cross_entropy, and each is a probability of "
        "its own under binary_cross_entropy. Null under other losses, and in a regression.",
    )
    outputs: list[Number] | None = Field(
        default=None, description="For each of `classes`, where the loss makes no probabilities of them."
    )
    values: dict[str, Number] | None = Field(
        default=None, description="In a regression: each target's value, in the user's units."
    )


class Predictions(Shape):
    """Answers in the order of the rows."""

    run: str
    which: Literal["final", "best"]
    weights_sha256: str
    classes: list[str | int | bool] | None = Field(description="In the order of `probabilities`.")
    ignored_columns: list[str] = Field(description="That were sent, and that the network does not take.")
    predictions: list[Prediction]


def predictions(
    origin: Origin, answers: ClassAnswers | NumberAnswers, ignored: tuple[str, ...]
) -> dict[str, Any]:
    """The document of `Predictions`; written by hand, for there may be many."""
    found = _of_classes(answers) if isinstance(answers, ClassAnswers) else _of_numbers(answers)
    return {
        "run": origin.run,
        "which": origin.which,
        "weights_sha256": origin.weights_sha256,
        "classes": list(answers.labels) if isinstance(answers, ClassAnswers) else None,
        "ignored_columns": list(ignored),
        "predictions": found,
    }


def _of_classes(answers: ClassAnswers) -> list[dict[str, Any]]:
    kind, other = ("probabilities", "outputs") if answers.are_probabilities else ("outputs", "probabilities")
    return [
        {
            "class": answers.labels[chosen],
            kind: [json_number(each) for each in outputs],
            other: None,
            "values": None,
        }
        for chosen, outputs in zip(answers.chosen.tolist(), answers.outputs.tolist(), strict=True)
    ]


def _of_numbers(answers: NumberAnswers) -> list[dict[str, Any]]:
    return [
        {
            "class": None,
            "probabilities": None,
            "outputs": None,
            "values": {name: json_number(value) for name, value in zip(answers.columns, values, strict=True)},
        }
        for values in answers.values.tolist()
    ]


EXAMPLES: dict[str, Any] = {
    "rows": {
        "summary": "Two flowers, the second with a missing value",
        "value": {
            "rows": [
                {
                    "sepal_length_cm": 5.1,
                    "sepal_width_cm": 3.5,
                    "petal_length_cm": 1.4,
                    "petal_width_cm": 0.2,
                },
                {
                    "sepal_length_cm": 6.2,
                    "sepal_width_cm": None,
                    "petal_length_cm": 5.4,
                    "petal_width_cm": 2.3,
                },
            ]
        },
    },
    "columns": {
        "summary": "The same as columns",
        "value": {
            "columns": {
                "sepal_length_cm": [5.1, 6.2],
                "sepal_width_cm": [3.5, None],
                "petal_length_cm": [1.4, 5.4],
                "petal_width_cm": [0.2, 2.3],
            }
        },
    },
}
