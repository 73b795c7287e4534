"""A submission is understood as the design says, or every fault is told with its path and what is allowed."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Fault, InvalidSubmission
from service.planning.objective import METRICS
from service.planning.split_settings import SplitSettings, largest_remainder
from service.planning.submission import EXAMPLE, FUNCTION_EXAMPLE, SweepSubmission, parse

# The design's example, as it stands there.
DESIGN = {
    "name": "digits learning rates",
    "dataset": "digits",
    "target": None,
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
    "notes": "",
}


def faults_of(document: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidSubmission) as caught:
        parse(document)
    return caught.value.faults


def fault_of(**changes: object) -> Fault:
    (fault,) = faults_of({"dataset": "digits", **changes})
    return fault


def test_the_example_of_the_design_is_accepted() -> None:
    submission = parse(copy.deepcopy(DESIGN))
    assert submission.seed_list == tuple(range(10))
    assert submission.baselines
    assert submission.warnings == ()
    assert submission.parameters == DESIGN["parameters"]


def test_the_example_in_the_schema_is_accepted() -> None:
    assert parse(copy.deepcopy(EXAMPLE)).name == "digits learning rates"
    assert parse(copy.deepcopy(FUNCTION_EXAMPLE)).metric.name == "train_loss"
    assert SweepSubmission.model_json_schema()["examples"] == [EXAMPLE, FUNCTION_EXAMPLE]


def test_every_field_of_the_schema_is_described() -> None:
    schema = SweepSubmission.model_json_schema()
    models = [schema, *(schema["$defs"][name] for name in ("Metric", "SplitSettings", "FunctionSettings"))]
    for model in models:
        assert all(field["description"].endswith(".") for field in model["properties"].values())


def test_a_dataset_alone_is_a_sweep() -> None:
    submission = parse({"dataset": "digits"})
    assert (submission.name, submission.scale, submission.metric.name) == (
        "digits",
        "standardize",
        "validation_loss",
    )
    assert submission.seed_list == tuple(range(10))


def test_a_sweep_without_a_name_is_called_by_what_varies() -> None:
    parameters = {"lr": {"values": [1, 2]}, "epochs": 3, "hidden_layers": {"values": [[1], []]}}
    assert parse({"dataset": "iris", "parameters": parameters}).name == "iris lr × hidden_layers"


def test_a_submission_reads_its_own_json() -> None:
    submission = parse(copy.deepcopy(DESIGN))
    assert parse(submission.model_dump(mode="json")) == submission


def test_a_sweep_file_of_wandb_is_understood() -> None:
    submission = parse(
        {
            "program": "train.py",
            "command": ["python"],
            "project": "p",
            "entity": "e",
            "name": "lr-sweep",
            "dataset": "digits",
            "method": "grid",
            "metric": {"name": "val_accuracy", "goal": "maximize", "target": 0.99, "impute": "worst"},
            "early_terminate": {"type": "hyperband", "min_iter": 3},
            "description": "by hand",
            "parameters": {"lr": {"values": [0.1, 0.01]}, "epochs": {"value": 20}},
        }
    )
    assert submission.metric.name == "validation_accuracy"
    assert [warning.split()[0] for warning in submission.warnings] == [
        "program",
        "command",
        "project",
        "entity",
        "early_terminate",
        "metric.target",
        "metric.impute",
    ]
    assert submission.notes == "by hand"


@pytest.mark.parametrize("which", ["final", "best", "both", "none"])
def test_weights_are_kept_as_told(which: str) -> None:
    assert parse({"dataset": "digits", "keep_weights": which}).keep_weights == which


def test_a_list_of_seeds_keeps_its_order() -> None:
    assert parse({"dataset": "d", "seeds": [5, 0, 2**53 - 1]}).seed_list == (5, 0, 2**53 - 1)


@pytest.mark.parametrize(
    ("changes", "path", "message", "allowed"),
    [
        ({"dataset": 5}, "dataset", "is not text", "text"),
        ({"dataset": ""}, "dataset", "is empty", "some text"),
        ({"name": "x" * 201}, "name", "is too long", "200 characters"),
        ({"name": "a\nb"}, "name", "holds U+000A", "one line"),
        ({"notes": "x" * 10_001}, "notes", "is too long", "10,000 characters"),
        ({"tags": {str(n): "" for n in range(51)}}, "tags", "too many entries", "50"),
        ({"tags": {"a": 1}}, "tags.a", "is not text", "text"),
        ({"tags": ["a"]}, "tags", "is not an object", "an object"),
        ({"target": 3}, "target", "is not text", "text"),
        ({"target": ["a", 3]}, "target[1]", "is not text", "text"),
        ({"target": []}, "target", "too few", "at least 1"),
        ({"features": "a"}, "features", "is not a list", "a list"),
        ({"task": "ranking"}, "task", "not one of the choices", "classification or regression"),
        ({"scale": "max"}, "scale", "not one of the choices", "standardize, minmax or none"),
        ({"method": "bayes"}, "method", "no sweep could be repeated", "grid, random"),
        ({"method": "custom"}, "method", "a program of its own", "grid, random"),
        ({"method": "hyperband"}, "method", "'hyperband' is no search method", "grid, random"),
        ({"method": "gird"}, "method", "did you mean 'grid'", "grid, random"),
        ({"method": 3}, "method", "is not text", "grid, random"),
        ({"method": "random"}, "run_cap", "is missing", "a whole number from 1"),
        ({"method": "random", "run_cap": 0}, "run_cap", "too small", "at least 1"),
        ({"method": "random", "run_cap": 5, "search_seed": -1}, "search_seed", "too small", "at least 0"),
        ({"search_seed": 1}, "search_seed", "belongs to a random search", "random"),
        ({"keep_weights": "last"}, "keep_weights", "not one of the choices", "final, best, both or none"),
        ({"seeds": 0}, "seeds", "is too small", "at least 1"),
        ({"seeds": 10_001}, "seeds", "is too large", "10000"),
        ({"seeds": True}, "seeds", "is not a whole number", "a whole number"),
        ({"seeds": 3.0}, "seeds", "is not a whole number", "a whole number"),
        ({"seeds": "3"}, "seeds", "is not a whole number", "a whole number"),
        ({"seeds": []}, "seeds", "too few", "at least 1"),
        ({"seeds": [1, -1]}, "seeds[1]", "is too small", "at least 0"),
        ({"seeds": [1, 2, 1]}, "seeds", "the seed 1 stands twice", "each seed once"),
        (
            {"metric": {"name": "val_los"}},
            "metric.name",
            "did you mean 'validation_loss'",
            ", ".join(METRICS),
        ),
        (
            {"metric": {"name": "accuracy"}},
            "metric.name",
            "did you mean 'validation_accuracy'",
            "validation_loss",
        ),
        ({"metric": {"name": "test_loss"}}, "metric.name", "no metric", "validation_loss"),
        ({"metric": {"goal": "maximize"}}, "metric", "is to be minimized, not maximized", "minimize"),
        ({"metric": {"nmae": "x"}}, "metric.nmae", "did you mean 'name'", "name, goal"),
        ({"metric": "val_loss"}, "metric", "is not an object", "an object"),
        ({"split": {"train": "most"}}, "split.train", "is not a number", "a number"),
        ({"split": {"train": 1.5}}, "split.train", "is too large", "at most 1"),
        ({"split": {"train": -1}}, "split.train", "is too small", "at least 0"),
        ({"split": {"seed": -1}}, "split.seed", "is too small", "at least 0"),
        ({"split": {"trian": 0.5}}, "split.trian", "did you mean 'train'", "train, validation"),
        ({"split": {"resample": 1}}, "split.resample", "neither true nor false", "true, false"),
        ({"baselines": "yes"}, "baselines", "neither true nor false", "true, false"),
        ({"parameters": []}, "parameters", "is not an object", "an object"),
        ({"parameters": {"lr": 0}}, "parameters.lr", "0 is out of range", "above 0"),
        ({"parametres": {}}, "parametres", "did you mean 'parameters'", "name, dataset"),
        ({"early_terminat": {}}, "early_terminat", "there is no field", "name, dataset"),
    ],
)
def test_a_fault_names_its_path_and_what_is_allowed(
    changes: dict[str, Any], path: str, message: str, allowed: str
) -> None:
    fault = fault_of(**changes)
    assert fault.path == path
    assert message in fault.message
    assert allowed in str(fault.allowed)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train": 0.5, "test": 0.2}, "the fractions add up to 0.7, not to 1"),
        ({"validation": 0.5, "test": 0.5}, "leave no rows to train on"),
        ({"train": 100, "test": 0.2}, "either all fractions or all numbers of rows"),
        ({"train": 0, "test": 5}, "without training rows"),
        ({"method": "column"}, "needs the name of a column"),
        ({"method": "column", "column": "part", "train": 0.5, "test": 0.5}, "the column decides the parts"),
        ({"column": "part"}, "belongs to method 'column'"),
        ({"method": "ordered", "resample": True}, "resample must be false"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(settings: dict[str, object], message: str) -> None:
    fault = fault_of(split=settings)
    assert fault.path == "split"
    assert message in fault.message


def test_one_answer_names_every_fault() -> None:
    faults = faults_of(
        {
            "nmae": "x",
            "seeds": [1, "x"],
            "split": {"train": "a", "seed": -1},
            "metric": {"name": "loss"},
            "method": "bayes",
            "tags": {"a": 1},
            "parameters": {"lr": {"values": [0.1, 0]}, "epoch": 3},
        }
    )
    assert {fault.path for fault in faults} == {
        "nmae",
        "dataset",
        "seeds[1]",
        "split.train",
        "split.seed",
        "metric.name",
        "method",
        "tags.a",
        "parameters.lr.values[1]",
        "parameters.epoch",
    }


def test_what_the_task_forbids_is_refused_without_a_table() -> None:
    faults = faults_of(
        {
            "dataset": "d",
            "task": "regression",
            "split": {"method": "stratified"},
            "metric": {"name": "validation_accuracy"},
        }
    )
    assert [fault.path for fault in faults] == ["metric.name", "split.method"]


@pytest.mark.parametrize(
    "document", [None, [], "x", 3, {"dataset": float("nan")}, {1: 2}, {"dataset": "\ud800"}]
)
def test_what_is_no_object_of_json_is_refused(document: object) -> None:
    assert faults_of(document)


texts = st.text("ab\n\x00\u202e\ud800é", max_size=3) | st.sampled_from(["name", "train", "lr", "values"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*SweepSubmission.model_fields, "function"]), json_values))
def test_no_document_raises_anything_but_invalid_submission(document: dict[str, object]) -> None:
    with contextlib.suppress(InvalidSubmission):
        assert parse(document).seed_list


@pytest.mark.parametrize(
    ("settings", "rows", "counts"),
    [
        ({}, 1797, (1258, 270, 269)),  # quotas 1257.9, 269.55 and 269.55: the tie goes to validation
        ({}, 150, (105, 23, 22)),
        ({"train": 0.8, "test": 0.2}, 10, (8, 0, 2)),
        ({"test": 0.25}, 100, (75, 0, 25)),
        ({"train": 0.29, "test": 0.71}, 100, (29, 0, 71)),  # 0.29 * 100 is 28.999999999999996
        ({"train": 20, "validation": 5, "test": 5}, 100, (20, 5, 5)),
        ({"validation": 5, "test": 5}, 100, (90, 5, 5)),
        ({"train": 1, "validation": 0, "test": 0}, 100, (100, 0, 0)),
        ({"train": 1.0}, 100, (100, 0, 0)),
    ],
)
def test_parts_are_rounded_by_largest_remainder(
    settings: dict[str, float], rows: int, counts: tuple[int, int, int]
) -> None:
    assert SplitSettings(**settings).counts(rows) == counts  # type: ignore[arg-type]


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=5), st.integers(0, 10**7))
def test_largest_remainder_shares_everything_and_stays_within_one(weights: list[int], total: int) -> None:
    fractions = tuple(weight / sum(weights) for weight in weights)
    shares = largest_remainder(fractions, total)
    assert sum(shares) == total
    assert all(
        abs(share - total * fraction) < 1.001 for share, fraction in zip(shares, fractions, strict=True)
    )
