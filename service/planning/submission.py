"""A sweep as it is submitted: what may stand in it, and what each part means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    PrivateAttr,
    StringConstraints,
    Tag,
    ValidationError,
    field_validator,
)
from pydantic_core import PydanticCustomError

from core.configuration import TASKS
from core.fields import RANGE_TEST
from service.errors import Fault, InvalidSubmission
from service.planning import function_settings, methods, range_tests, space, strict_json
from service.planning.configurations import FUNCTION
from service.planning.function_settings import FunctionSettings
from service.planning.methods import MAX_DRAWS
from service.planning.objective import Metric, faults_for_task
from service.planning.plain_text import normalized, unsafe_character
from service.planning.random_search import RandomSearch
from service.planning.split_settings import MAX_SEED, SplitSettings
from service.planning.submission_faults import translated
from service.planning.wandb_file import without_foreign

MAX_NAME = 200  # code points
MAX_NOTES = 10_000
MAX_TAGS = 50
MAX_SEEDS = 10_000
MAX_COLUMNS = 10_000
DEFAULT_SEEDS = 10

EXAMPLE: dict[str, Any] = {
    "name": "digits learning rates",
    "dataset": "digits",
    "split": {
        "train": 0.7,
        "validation": 0.15,
        "test": 0.15,
        "method": "stratified",
        "seed": 0,
        "resample": True,
    },
    "scale": "minmax",
    "method": "grid",
    "metric": {"name": "validation_loss", "goal": "minimize"},
    "seeds": 10,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 10, "count": 13},
        "hidden_layers": {"values": [[32], [64]]},
        "epochs": {"value": 30},
        "batch_size": 32,
    },
    "keep_weights": "final",
    "tags": {"course": "ml-101"},
}

FUNCTION_EXAMPLE: dict[str, Any] = {
    "name": "slow, bouncing, lost: learning rates on a cubic",
    "function": {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}},
    "parameters": {
        "learning_rate": {"distribution": "uniform", "min": 0.02, "max": 0.6, "count": 30},
        "epochs": 100,
    },
}


def _one_line(text: str) -> str:
    found = unsafe_character(text)
    if found:
        message = f"holds {found}; a name is one line"
        raise PydanticCustomError(
            "not_allowed", "{message}", {"message": message, "allowed": "one line of text"}
        )
    return normalized(text)


def _kind_of_list(value: object) -> str:
    return "<list>" if isinstance(value, list | tuple) else "<single>"


Line = Annotated[str, StringConstraints(max_length=MAX_NAME), AfterValidator(_one_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_one_line)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Target = Annotated[
    Annotated[Name, Tag("<single>")]
    | Annotated[list[Name], Field(min_length=1, max_length=MAX_COLUMNS), Tag("<list>")],
    Discriminator(_kind_of_list),
]
Seeds = Annotated[
    Annotated[int, Field(ge=1, le=MAX_SEEDS), Tag("<single>")]
    | Annotated[list[Seed], Field(min_length=1, max_length=MAX_SEEDS), Tag("<list>")],
    Discriminator(_kind_of_list),
]


class SweepSubmission(BaseModel):
    """One sweep: a table and what to predict in it, or a function; the settings to compare, and how often."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={
            "examples": [EXAMPLE, FUNCTION_EXAMPLE],
            "anyOf": [{"required": ["dataset"]}, {"required": ["function"]}],
        },
        allow_inf_nan=False,
    )

    name: Line = Field(
        default="",
        description="What people call the sweep; by default its dataset or function, and the parameters that "
        "vary.",
    )
    dataset: Name | None = Field(
        default=None,
        description="The name or the id of a dataset: digits, iris, wine, or one of yours.",
    )
    function: FunctionSettings | None = Field(
        default=None,
        description="In place of a dataset, a function to minimise: one step for each epoch, the loss is the "
        "value before it, and the weights are the variables. There are no rows, so nothing is validated.",
    )
    target: Target | None = Field(
        default=None,
        description="The column to predict, or a list of numeric columns; by default the last one.",
    )
    features: Annotated[list[Name], Field(min_length=1, max_length=MAX_COLUMNS)] | None = Field(
        default=None, description="The columns to predict from; by default all but the target."
    )
    task: Literal["classification", "regression"] | None = Field(
        default=None,
        description="By default text, booleans and whole numbers with at most 20 distinct values are "
        "classes; other numbers make a regression.",
    )
    split: SplitSettings = Field(
        default_factory=SplitSettings,
        description="Which rows train, validate and test: 70, 15 and 15 % by default.",
    )
    scale: Literal["standardize", "minmax", "none"] = Field(
        default="standardize",
        description="What is done to numeric features, by the rows outside the test set.",
    )
    method: Literal["grid", "random", "range_test"] = Field(
        default="grid",
        description="How the space is searched: a grid has every combination, a random search draws run_cap "
        "configurations from the distributions. A range test raises the learning rate with every step, from "
        "learning_rate.min (1e-6) to .max (10) in .count (1,000) steps, and suggests which rates to look at.",
    )
    run_cap: Annotated[int, Field(ge=1, le=MAX_DRAWS)] | None = Field(
        default=None,
        description="How many configurations a random search draws, each trained with every seed; what is "
        "drawn again counts, and is trained once. A grid may have no more than this.",
    )
    search_seed: Seed | None = Field(
        default=None,
        description="What a random search draws from, 0 by default: the same seed draws the same points.",
    )
    metric: Metric = Field(default_factory=Metric, description="What settings are compared by.")
    seeds: Seeds = Field(
        default=DEFAULT_SEEDS,
        description="How many times each setting is trained (3 means the seeds 0, 1 and 2), or a list of "
        "seeds. A seed drives first weights, order and, with split.resample, the validation rows. Nothing of "
        "a function is random: there it is 1, and no other number is accepted.",
    )
    parameters: dict[str, JsonValue] = Field(
        default={},
        description="For each field of a configuration a constant (bare or {value}), {values: [...]}, or "
        "{distribution, min, max, count}, in which both ends are values. Optuna's JSON is accepted too.",
    )
    keep_weights: Literal["final", "best", "both", "none"] = Field(
        default="final",
        description="Which weights of each run are stored: those it ends with, or those of its lowest "
        "validation loss. With restore_best a run ends with its best ones.",
    )
    tags: Annotated[dict[Name, Line], Field(max_length=MAX_TAGS)] = Field(
        default={}, description=f"Up to {MAX_TAGS} names with a text each, to find the sweep by."
    )
    notes: str = Field(default="", max_length=MAX_NOTES, description="Free text, shown as it is.")
    rerun: bool = Field(
        default=False,
        description="Whether runs are trained again that you have had trained before: with the same data, "
        "preparation, split, configuration and seed. By default they are answered from the store.",
    )
    baselines: bool = Field(
        default=True,
        description="Whether a linear network is trained beside every setting, for comparison; of no effect "
        "on a function.",
    )

    _warnings: tuple[str, ...] = PrivateAttr(())

    def model_post_init(self, context: Any) -> None:
        """Keep what `parse` ignored; a frozen model takes it only here."""
        self._warnings = tuple(context["warnings"]) if context else ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was sent and had no effect, in sentences."""
        return self._warnings

    @property
    def seed_list(self) -> tuple[int, ...]:
        """Every seed, in the order in which they were asked for."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)

    @property
    def search(self) -> RandomSearch | None:
        """How points are drawn; None where there is a grid of all."""
        if self.method != "random" or self.run_cap is None:
            return None
        return RandomSearch(self.run_cap, self.search_seed or 0)

    @field_validator("method", mode="before")
    @classmethod
    def _offered(cls, method: object) -> object:
        for fault in methods.method_faults(method):
            raise PydanticCustomError(
                "not_allowed", "{message}", {"message": fault.message, "allowed": fault.allowed}
            )
        return method

    @field_validator("seeds")
    @classmethod
    def _distinct(cls, seeds: int | list[int]) -> int | list[int]:
        if isinstance(seeds, list) and len(set(seeds)) < len(seeds):
            twice = next(seed for seed, times in Counter(seeds).items() if times > 1)
            message = f"the seed {twice} stands twice: the same runs again"
            raise PydanticCustomError(
                "not_allowed", "{message}", {"message": message, "allowed": "each seed once"}
            )
        return seeds


_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): SweepSubmission,
    ("function",): FunctionSettings,
    ("split",): SplitSettings,
    ("metric",): Metric,
}


def parse(document: object) -> SweepSubmission:
    """The submission that this document (from JSON, YAML or Python) is; its `warnings` say what was ignored.

    Raises: InvalidSubmission with every fault that can be told without the table.
    """
    strict_json.check(document)
    return parse_checked(document)


def parse_checked(document: object) -> SweepSubmission:
    """The same for a document that `strict_json.loads` returned, which has held it to its rules already."""
    if not isinstance(document, dict):
        raise InvalidSubmission(
            [
                Fault(
                    "",
                    "a sweep is an object",
                    document,
                    "an object with a dataset or function, and parameters",
                )
            ]
        )
    sent, warnings = without_foreign(document)
    faults, sent = _of_the_subject(sent)
    faults += methods.faults_beside(sent) + _parameter_faults(sent)
    if sent.get("method") == RANGE_TEST:
        sent, ignored, wrong = range_tests.completed(sent)
        warnings, faults = warnings + ignored, faults + wrong
    try:
        submission = SweepSubmission.model_validate(_named(sent), context={"warnings": warnings})
    except ValidationError as error:
        faults = [translated(detail, _MODELS) for detail in error.errors(include_url=False)] + faults
    else:
        faults += _disagreements(submission)
        if not faults:
            return submission
    raise InvalidSubmission(faults)


def _of_the_subject(sent: dict[str, Any]) -> tuple[list[Fault], dict[str, Any]]:
    """What is wrong with the choice of dataset or function, and the document completed for it."""
    if sent.get("function") is not None:
        faults = function_settings.faults_beside(sent)
        rest = function_settings.completed(function_settings.without(sent, faults))
        return faults + function_settings.faults_inside(sent["function"]), rest
    if sent.get("dataset") is not None:
        return [], sent
    allowed = SweepSubmission.model_fields["dataset"].description
    return [Fault("dataset", "is missing, and so is a function to minimise", None, allowed)], sent


def _parameter_faults(sent: Mapping[str, Any]) -> list[Fault]:
    parameters = sent.get("parameters", {})
    if not isinstance(parameters, dict):
        return []  # told by the model
    asked = sent.get("task") if sent.get("task") in TASKS else None
    try:
        task = FUNCTION if sent.get("function") is not None else asked
        space.axes(parameters, task, str(sent.get("method")))
    except InvalidSubmission as error:
        return list(error.faults)
    return []


def _named(sent: dict[str, Any]) -> dict[str, Any]:
    if sent.get("name") not in (None, ""):
        return sent
    parameters, function = sent.get("parameters"), sent.get("function")
    subject = function.get("expression") if isinstance(function, dict) else sent.get("dataset")
    varying = [
        name
        for name, spec in (parameters if isinstance(parameters, dict) else {}).items()
        if isinstance(spec, dict) and "value" not in spec
    ]
    name = " ".join(f"{subject} {' × '.join(varying)}".split())
    return {**sent, "name": name[:MAX_NAME]}


def _disagreements(submission: SweepSubmission) -> list[Fault]:
    faults = [] if submission.task is None else faults_for_task(submission.metric, submission.task)
    if submission.task == "regression" and submission.split.method == "stratified":
        message = "a stratified split needs classes, and the task is regression"
        faults.append(Fault("split.method", message, "stratified", "shuffled, ordered, column"))
    return faults
