"""What may be set of a descent on a function: its own fields, and none of a network's."""

from __future__ import annotations

import hashlib
import json

import pytest

from core.configuration import configuration_hash, resolve
from core.errors import ConfigurationError, FieldFault
from core.fields import FIELDS, OPTIMIZERS
from core.function_configuration import (
    FUNCTION_FIELDS,
    function_configuration_hash,
    function_json,
    resolve_for_function,
)


def faults_of(**values: object) -> tuple[FieldFault, ...]:
    with pytest.raises(ConfigurationError) as caught:
        resolve_for_function(values)
    return caught.value.faults


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_can_descend_and_is_read_back_from_its_json(optimizer: str) -> None:
    configuration = resolve_for_function({"optimizer": optimizer, "epochs": 7})
    assert resolve_for_function(json.loads(function_json(configuration))) == configuration


def test_the_json_holds_what_the_descent_uses_and_nothing_of_networks() -> None:
    configuration = resolve_for_function({"optimizer": "momentum", "learning_rate": 0.3, "epochs": 5})
    assert json.loads(function_json(configuration)) == {
        "optimizer": "momentum",
        "learning_rate": 0.3,
        "momentum": 0.9,
        "epochs": 5,
    }


def test_the_hash_is_that_of_the_json_and_no_networks() -> None:
    configuration = resolve_for_function({"learning_rate": 0.3})
    digest = function_configuration_hash(configuration)
    assert digest == hashlib.sha256(function_json(configuration).encode()).hexdigest()
    linear = resolve({"hidden_layers": [], "learning_rate": 0.3}, task="regression")
    assert digest != configuration_hash(linear)


@pytest.mark.parametrize("name", sorted(set(FIELDS) - set(FUNCTION_FIELDS)))
def test_a_field_of_networks_is_told_apart_from_one_that_is_not_there(name: str) -> None:
    (fault,) = faults_of(**{name: FIELDS[name].default})
    assert fault.field == name
    assert "is for networks" in fault.message
    assert fault.allowed is not None
    assert "learning_rate_schedule" in fault.allowed


def test_an_unknown_field_is_answered_with_the_nearest() -> None:
    (fault,) = faults_of(learning_rat=0.1)
    assert fault.message == "there is no field 'learning_rat'; did you mean 'learning_rate'?"


def test_all_faults_are_named_at_once() -> None:
    assert [fault.field for fault in faults_of(dropout=0.5, learning_rate=-1, gamma=0.5)] == [
        "dropout",
        "learning_rate",
        "gamma",
    ]
