"""A configuration is complete, checked field by field, and has one hash."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
from dataclasses import replace

import pytest

from core.configuration import (
    Configuration,
    canonical,
    canonical_json,
    complete,
    configuration_hash,
    resolve,
)
from core.errors import ConfigurationError, FieldFault
from core.fields import FIELDS


def faults_of(values: dict[str, object], task: str = "classification") -> dict[str, FieldFault]:
    with pytest.raises(ConfigurationError) as caught:
        resolve(values, task=task)
    return {fault.field: fault for fault in caught.value.faults}


def test_the_defaults_are_those_of_the_conventions() -> None:
    assert resolve({}, task="classification") == Configuration(
        hidden_layers=(64,),
        activation="relu",
        output_activation="softmax",
        loss="cross_entropy",
        initializer="auto",
        init_scale=None,
        optimizer="sgd",
        learning_rate=0.1,
        momentum=None,
        beta1=None,
        beta2=None,
        epsilon=None,
        batch_size=32,
        epochs=30,
        dtype="float32",
    )


def test_loss_and_output_follow_the_task() -> None:
    yes_or_no = resolve({"loss": "binary_cross_entropy"}, task="classification")
    assert yes_or_no.output_activation == "sigmoid"
    regression = resolve({}, task="regression")
    assert (regression.loss, regression.output_activation) == ("mse", "identity")
    squared = resolve({"loss": "mse"}, task="classification")
    assert squared.output_activation == "identity"


@pytest.mark.parametrize(
    ("optimizer", "rate"),
    [
        ("sgd", 0.1),
        ("momentum", 0.05),
        ("nesterov", 0.05),
        ("adagrad", 0.01),
        ("rmsprop", 0.001),
        ("adam", 0.001),
        ("adamw", 0.001),
        ("rprop", 0.1),
        ("irprop_minus", 0.1),
    ],
)
def test_the_learning_rate_defaults_by_optimizer(optimizer: str, rate: float) -> None:
    assert resolve({"optimizer": optimizer}, task="regression").learning_rate == rate
    assert f"{rate:g}" in FIELDS["learning_rate"].text


def test_other_defaults_follow_the_optimizer_and_the_schedule() -> None:
    assert [
        resolve({"optimizer": name}, task="regression").epsilon
        for name in ("adagrad", "rmsprop", "adam", "adamw")
    ] == [1e-10, 1e-8, 1e-8, 1e-8]
    assert resolve({"optimizer": "rmsprop"}, task="regression").decay == 0.99
    assert resolve({"optimizer": "adamw"}, task="regression").weight_decay == 0.01
    assert resolve({"optimizer": "adam"}, task="regression").weight_decay == 0.0
    rprop = resolve({"optimizer": "rprop"}, task="regression")
    assert (rprop.eta_plus, rprop.eta_minus, rprop.step_max, rprop.step_min) == (1.2, 0.5, 50.0, 0.0)
    assert [
        resolve({"learning_rate_schedule": name}, task="regression").gamma for name in ("step", "exponential")
    ] == [0.1, 0.95]


def test_null_asks_for_the_default() -> None:
    assert resolve(dict.fromkeys(FIELDS), task="regression") == resolve({}, task="regression")


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of(
        {
            "learning_rte": 0.1,
            "learning_rate": -1,
            "hidden_layers": [64, 0],
            "activation": "swish",
            "epochs": 2.0,
            "batch_size": "all",
            "momentum": 0.5,
        }
    )
    assert set(faults) == {
        "learning_rte",
        "learning_rate",
        "hidden_layers",
        "activation",
        "epochs",
        "batch_size",
        "momentum",
    }
    assert "learning_rate" in faults["learning_rte"].message
    assert faults["learning_rate"].value == -1
    assert faults["learning_rate"].allowed == "a finite number above 0 and at most 1e+06"
    assert "momentum or nesterov" in faults["momentum"].message


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate", 0),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("learning_rate", 1.1e6),
        ("learning_rate", True),
        ("learning_rate", "0.1"),
        ("learning_rate", 10**400),
        ("epochs", 0),
        ("epochs", 1_000_001),
        ("epochs", True),
        ("epochs", 3.0),
        ("batch_size", 0),
        ("batch_size", False),
        ("hidden_layers", 64),
        ("hidden_layers", [True]),
        ("hidden_layers", [65_537]),
        ("hidden_layers", [1] * 17),
        ("hidden_layers", "64"),
        ("dtype", "float16"),
        ("loss", ["mse"]),
        ("initializer", "normal"),
        ("restore_best", 1),
        ("restore_best", "true"),
        ("dropout", 1.0),
        ("l2", -1e-9),
        ("gradient_clip", 0.0),
        ("patience", 0),
        ("class_weight", [1.0, 2.0]),
    ],
)
def test_a_value_outside_its_range_or_type_is_refused(field: str, value: object) -> None:
    fault = faults_of({field: value})[field]
    assert fault.allowed == FIELDS[field].allowed


@pytest.mark.parametrize(("field", "value"), [("momentum", 1.0), ("momentum", -0.1)])
def test_momentum_is_a_share_below_one(field: str, value: float) -> None:
    assert field in faults_of({"optimizer": "momentum", field: value})


def test_what_a_choice_does_not_use_is_refused() -> None:
    assert set(faults_of({"optimizer": "adam", "momentum": 0.9})) == {"momentum"}
    assert set(faults_of({"init_scale": 0.5})) == {"init_scale"}
    assert set(faults_of({"hidden_layers": [], "activation": "tanh"})) == {"activation"}


def test_choices_that_contradict_each_other_are_refused() -> None:
    assert set(faults_of({"loss": "cross_entropy"}, task="regression")) == {"loss"}
    assert set(faults_of({"loss": "mse", "output_activation": "softmax"})) == {"output_activation"}
    assert set(faults_of({"output_activation": "relu"})) == {"output_activation"}
    assert set(faults_of({}, task="ranking")) == {"task"}


def test_inside_a_grid_unused_fields_are_taken_out_instead() -> None:
    point = {
        "optimizer": "sgd",
        "momentum": 0.9,
        "learning_rate": 0.1,
        "hidden_layers": [],
        "activation": "tanh",
    }
    assert canonical(point) == {"optimizer": "sgd", "learning_rate": 0.1, "hidden_layers": []}
    assert canonical({"optimizer": "nesterov", "momentum": 0.5}) == {"optimizer": "nesterov", "momentum": 0.5}
    assert canonical({"momentum": 0.5}) == {}, "the default optimizer has no momentum"


def test_the_canonical_json_holds_used_fields_alone_sorted_and_without_spaces() -> None:
    text = canonical_json(
        resolve({"hidden_layers": [], "learning_rate": 1, "batch_size": "full"}, task="regression")
    )
    assert text == (
        '{"batch_size":"full","dtype":"float32","epochs":30,"hidden_layers":[],"initializer":"auto",'
        '"learning_rate":1.0,"loss":"mse","optimizer":"sgd","output_activation":"identity"}'
    )


def test_the_hash_is_the_sha256_of_the_canonical_json() -> None:
    configuration = resolve({"optimizer": "adam"}, task="classification")
    assert (
        configuration_hash(configuration)
        == hashlib.sha256(canonical_json(configuration).encode()).hexdigest()
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"initializer": "he"}, {"initializer": "he_normal"}),
        ({"learning_rate": 1}, {"learning_rate": 1.0}),
        ({"hidden_layers": [64]}, {}),
        ({"optimizer": "momentum", "momentum": 0.0}, {"optimizer": "momentum", "momentum": -0.0}),
    ],
)
def test_two_ways_to_write_a_configuration_have_one_hash(
    one: dict[str, object], other: dict[str, object]
) -> None:
    hashes = {configuration_hash(resolve(values, task="classification")) for values in (one, other)}
    assert len(hashes) == 1


# Written down before there were any other fields than these use.
HASHES = [
    ({}, "classification", "e4e671b4c6ecc2f5a5c22422c3f1b18d50a2cb46091fdaa55b7ee473fa951a60"),
    ({}, "regression", "6dadcffdadaa47938a6e9594013134e79903bc33cf8088385db23738b52e39fb"),
    (
        {"optimizer": "adam"},
        "classification",
        "e8f8556ff216e5f902418f62eaeb24fa35c0b3c0acabba5bd674ab1e5a824903",
    ),
    (
        {"optimizer": "momentum", "initializer": "uniform", "hidden_layers": []},
        "regression",
        "27a5488479686abb2c753de4ec366c892269034929f1134b453dc26e29ecb840",
    ),
]


@pytest.mark.parametrize(("values", "task", "digest"), HASHES, ids=str)
def test_a_hash_outlives_the_fields_that_are_added(values: dict[str, object], task: str, digest: str) -> None:
    assert configuration_hash(resolve(values, task=task)) == digest
    neutral = {name: field.neutral for name, field in FIELDS.items() if field.neutral is not None}
    assert configuration_hash(resolve({**neutral, **values}, task=task)) == digest


def test_a_decay_that_is_turned_off_is_written_down_where_it_would_be_on() -> None:
    off = resolve({"optimizer": "adamw", "weight_decay": 0}, task="regression")
    assert '"weight_decay":0.0' in canonical_json(off)
    assert "weight_decay" not in canonical_json(resolve({"optimizer": "sgd"}, task="regression"))


FULL: list[dict[str, object]] = [
    {},
    {"hidden_layers": [], "l1": 0.1},
    {"optimizer": "adamw", "weight_decay": 0.0, "learning_rate_schedule": "step", "warmup_epochs": 0.5},
    {"optimizer": "rprop", "initial_step_max": 0.2, "patience": 3},
    {"learning_rate_schedule": "one_cycle", "gradient_clip": 1.0, "dropout": 0.5, "class_weight": "balanced"},
    {"initializer": "uniform", "init_biases": True, "restore_best": True, "stop_progress": 0.1},
]


@pytest.mark.parametrize("values", FULL, ids=str)
def test_canonical_json_is_read_back_as_the_same_configuration(values: dict[str, object]) -> None:
    configuration = resolve(values, task="classification")
    document = json.loads(canonical_json(configuration))
    assert resolve(document, task="classification") == configuration
    whole = complete(document)
    assert list(whole) == list(FIELDS)
    assert (
        resolve({**whole, "hidden_layers": document["hidden_layers"]}, task="classification") == configuration
    )
    assert whole["dropout"] == values.get("dropout", 0.0)


def test_what_changes_nothing_may_be_said_where_it_is_not_used() -> None:
    linear = resolve({"hidden_layers": [], "dropout": 0.0}, task="regression")
    assert linear == resolve({"hidden_layers": []}, task="regression")


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS.keys())
def test_every_field_says_what_it_means_and_what_is_allowed(field: object) -> None:
    name = getattr(field, "name", "")
    assert FIELDS[name].text.endswith(".")
    assert FIELDS[name].allowed
    assert name in Configuration.__dataclass_fields__


def test_a_field_stands_behind_those_that_decide_about_it() -> None:
    places = {name: place for place, name in enumerate(FIELDS)}
    for name, field in FIELDS.items():
        deciding = [field.chooser, field.default_by and field.default_by[0]]
        assert all(places[other] < places[name] for other in deciding if other is not None)


def test_a_hash_is_remembered_and_does_not_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (resolve({"learning_rate": 0.1}, task="classification") for _ in range(2))
    unhashed = pickle.dumps(one)
    assert hash(one) == hash(other)
    assert pickle.dumps(one) == unhashed  # another process hashes texts in its own way
    assert hash(replace(one, epochs=one.epochs + 1)) != hash(one)
    monkeypatch.setattr("core.configuration._values", None)
    assert hash(one) == hash(other)
