"""One step of backpropagation: what is asked for, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema

from core.trace import MAX_LEARNING_RATE, MAX_STEPS
from core.tracing.descent import MAX_EXACT_WORK
from core.tracing.examples import MAX_EXAMPLES
from core.tracing.functions import FUNCTIONS
from core.tracing.path_lists import LISTED_PATHS, PATH_LIMIT
from core.tracing.reading import MAX_LAYERS, MAX_PARAMETERS, MAX_UNITS
from service.api.parameters import RUN_ID
from service.api.schemas.shape import Number, Shape

_NUMBER = {"type": ["number", "string"], "description": 'A number, or text such as "0.1" or "1/3".'}
_ROW = {"type": "array", "items": _NUMBER}
_LAYER = {
    "type": "object",
    "required": ["weights"],
    "additionalProperties": False,
    "properties": {
        "weights": {
            "type": "array",
            "items": _ROW,
            "minItems": 1,
            "maxItems": MAX_UNITS,
            "description": f"A row for each input, with a number for each of 1 to {MAX_UNITS} outputs.",
        },
        "biases": {**_ROW, "description": "A number for each output; 0 by default."},
        "activation": {"enum": [*FUNCTIONS, "softmax"], "default": "identity"},
    },
}
Layers = Annotated[
    JsonValue, WithJsonSchema({"type": "array", "items": _LAYER, "minItems": 1, "maxItems": MAX_LAYERS})
]
Rows = Annotated[
    JsonValue, WithJsonSchema({"type": "array", "items": _ROW, "minItems": 1, "maxItems": MAX_EXAMPLES})
]
Targets = Annotated[
    JsonValue,
    WithJsonSchema({"type": "array", "items": {"anyOf": [_ROW, {"type": "integer"}]}, "minItems": 1}),
]


class TraceRequest(BaseModel):
    """A network written out with examples, or a stored run with one row of its dataset."""

    model_config = ConfigDict(extra="forbid", strict=True)

    layers: Layers | None = Field(
        default=None,
        description=f"The network, at most {MAX_PARAMETERS:,} weights and biases. The last activation is "
        "softmax if and only if the loss is cross_entropy.",
    )
    loss: Literal["mse", "cross_entropy"] = Field(
        default="mse", description="What the step makes smaller. A run has its own."
    )
    inputs: Rows | None = Field(default=None, description="A row for each example.")
    targets: Targets | None = Field(
        default=None,
        description="For each example what the outputs should be; under cross_entropy its class index.",
    )
    run_id: str | None = Field(
        default=None, pattern=RUN_ID, description="In place of layers, inputs and targets: a run's network."
    )
    which: Literal["final", "best"] = Field(default="final", description="Which of the run's weights.")
    row: int | None = Field(
        default=None, ge=0, description="A row of the run's dataset, counted from 0, as the example."
    )
    example: dict[str, JsonValue] | None = Field(
        default=None,
        description="In place of row: a value for each column, the target's included, in the user's units.",
    )
    learning_rate: Annotated[JsonValue, WithJsonSchema(_NUMBER)] = Field(
        default=None,
        description=f"Above 0 and at most {MAX_LEARNING_RATE:,}. Of a run by default its own.",
    )
    steps: int = Field(
        default=1, ge=1, le=MAX_STEPS, description="Steps to take; the first is written out, all have a loss."
    )
    path_limit: int = Field(
        default=PATH_LIMIT,
        ge=0,
        le=LISTED_PATHS,
        description=f"Paths listed for each parameter and example; a document lists {LISTED_PATHS:,} in all.",
    )
    paths_of: list[str] | None = Field(
        default=None, description="Names or ids of the parameters whose paths are listed; by default all."
    )


class Written(Shape):
    """One number of a trace."""

    value: Number
    exact: str | None = Field(description="The fraction, where arithmetic is exact and it is not too long.")
    shown: str = Field(description="With 12 significant digits.")


class TraceConfiguration(Shape):
    """What was computed, and how."""

    sizes: list[int] = Field(description="Values between layers, from the inputs on.")
    activations: list[str]
    loss: str
    learning_rate: Written
    parameters: int
    examples: int
    steps: int
    arithmetic: Literal["exact fractions", "float64"]
    arithmetic_reason: str | None = Field(
        description="Why it is not exact: a function that is not rational, fractions that become too long, "
        f"or more than {MAX_EXACT_WORK:,} parameters times examples."
    )


class Losses(Shape):
    """E before the step and after it."""

    before: Written
    after: Written


class TracedRun(Shape):
    """Which run's network was traced, and what its inputs and outputs mean."""

    run: str
    which: Literal["final", "best"]
    weights_sha256: str
    inputs: list[str] = Field(description="What i0, i1 and so on are, after preprocessing.")
    outputs: list[str] = Field(description="The classes, or the targets, which are standardized.")


class Trace(Shape):
    """One step of backpropagation with every value, derivative, gradient, update and path."""

    configuration: TraceConfiguration
    conventions: str
    names: dict[str, Any] = Field(description="What inputs, sums, outputs and targets are called.")
    targets: list[list[Written]]
    stages: list[dict[str, Any]] = Field(
        description="Inputs, then sums and outputs of each layer: values, slopes and derivatives by unit and "
        "example."
    )
    forward: dict[str, Any] = Field(description="The forward pass as equations.")
    steps: list[dict[str, Any]] = Field(
        description="The five steps as equations: `formula`, `substituted` and `result` of each; the fifth "
        "has steps 2 to 4 for every earlier layer."
    )
    parameters: list[dict[str, Any]] = Field(
        description="Each weight and bias: before, gradient, change, after."
    )
    forward_after: dict[str, Any]
    loss: Losses
    losses: list[Written] = Field(description="Before the first step and after each.")
    paths: dict[str, Any] = Field(
        description="How many paths lead from each parameter to E, and as many as were asked for with the "
        "product along each; where all of a parameter's are listed, their sum is its gradient."
    )
    of_run: TracedRun | None = Field(
        default=None,
        description="Null for a network that was written out. What a run adds to plain gradient descent "
        "(penalties, dropout, the optimizer's memory) is no part of a trace.",
    )
    notes: list[dict[str, Any]] = Field(description="Dead ReLUs, in sentences.")


_WORKED_EXAMPLE = {
    "layers": [
        {"weights": [[0.5], [1], [-0.5]], "biases": [0], "activation": "relu"},
        {"weights": [[-1, 1]], "biases": [0, 0], "activation": "relu"},
    ],
    "inputs": [[1, 0.5, 1]],
    "targets": [[0.5, 1]],
    "learning_rate": 0.1,
}

EXAMPLES: dict[str, Any] = {
    "worked_example": {
        "summary": "Three inputs, one hidden unit, two outputs, ReLU: E falls from 0.25 to 0.161703564453125",
        "value": _WORKED_EXAMPLE,
    },
    "twenty_steps": {
        "summary": "The same for twenty steps: E nears 0.125, because o0 is a dead ReLU",
        "value": {**_WORKED_EXAMPLE, "steps": 20, "path_limit": 0},
    },
    "classes": {
        "summary": "A linear network of three classes under softmax",
        "value": {
            "layers": [{"weights": [[0.1, 0.2, "-1/3"], [0.5, -0.5, 0]], "activation": "softmax"}],
            "loss": "cross_entropy",
            "inputs": [[1, 2], [0.5, -1]],
            "targets": [0, 2],
            "learning_rate": 0.5,
        },
    },
}
