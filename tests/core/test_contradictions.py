"""Choices that exclude each other are refused with the field, its value and what is allowed."""

from __future__ import annotations

import pytest

from core.configuration import canonical, resolve
from core.errors import ConfigurationError, FieldFault


def fault_of(values: dict[str, object], task: str = "classification") -> FieldFault:
    with pytest.raises(ConfigurationError) as caught:
        resolve(values, task=task)
    assert len(caught.value.faults) == 1, caught.value.faults
    return caught.value.faults[0]


@pytest.mark.parametrize("optimizer", ["rprop", "irprop_minus"])
def test_rprop_takes_the_full_batch_and_no_other(optimizer: str) -> None:
    assert resolve({"optimizer": optimizer}, task="regression").batch_size == "full"
    assert resolve({"optimizer": optimizer, "batch_size": "full"}, task="regression").batch_size == "full"
    fault = fault_of({"optimizer": optimizer, "batch_size": 32})
    assert (fault.field, fault.value, fault.allowed) == ("batch_size", 32, '"full", or null')


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("learning_rate_schedule", "cosine"),
        ("warmup_epochs", 2),
        ("weight_decay", 0.1),
        ("gradient_clip", 1.0),
        ("momentum", 0.9),
        ("epsilon", 1e-8),
    ],
)
def test_what_rprop_has_no_use_for_is_refused(field: str, value: object) -> None:
    fault = fault_of({"optimizer": "rprop", field: value})
    assert (fault.field, fault.value) == (field, value)
    assert "used only when" in fault.message


@pytest.mark.parametrize(
    ("values", "field", "allowed"),
    [
        ({"step_min": 1.0, "step_max": 0.5}, "step_min", "at most 0.5"),
        ({"learning_rate": 60}, "learning_rate", "from 0 to 50"),
        ({"learning_rate": 0.01, "step_min": 0.1}, "learning_rate", "from 0.1 to 50"),
        ({"initial_step_max": 0.01}, "initial_step_max", "from 0.1 to 50"),
        ({"initial_step_max": 60}, "initial_step_max", "from 0.1 to 50"),
    ],
)
def test_the_first_steps_of_rprop_lie_between_the_smallest_and_the_largest(
    values: dict[str, object], field: str, allowed: str
) -> None:
    fault = fault_of({"optimizer": "rprop", **values})
    assert (fault.field, fault.allowed) == (field, allowed)


def test_losses_of_classes_need_classes() -> None:
    for loss in ("cross_entropy", "binary_cross_entropy"):
        fault = fault_of({"loss": loss}, task="regression")
        assert (fault.field, fault.value, fault.allowed) == ("loss", loss, "mse, mae, huber")
    assert fault_of({"class_weight": "balanced"}, task="regression").field == "class_weight"


@pytest.mark.parametrize(
    ("loss", "output_activation", "allowed"),
    [
        ("binary_cross_entropy", "softmax", "sigmoid, or null"),
        ("binary_cross_entropy", "identity", "sigmoid, or null"),
        ("cross_entropy", "sigmoid", "softmax, or null"),
    ],
)
def test_a_loss_on_logits_goes_with_the_activation_that_it_is_fused_with(
    loss: str, output_activation: str, allowed: str
) -> None:
    fault = fault_of({"loss": loss, "output_activation": output_activation})
    assert (fault.field, fault.value, fault.allowed) == ("output_activation", output_activation, allowed)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_softmax_goes_with_no_loss_of_numbers_but_sigmoid_does(loss: str) -> None:
    assert fault_of({"loss": loss, "output_activation": "softmax"}).field == "output_activation"
    kept = resolve({"loss": loss, "output_activation": "sigmoid"}, task="regression")
    assert kept.output_activation == "sigmoid"


def test_a_contradiction_with_a_field_that_is_itself_wrong_is_not_told() -> None:
    with pytest.raises(ConfigurationError) as caught:
        resolve({"optimizer": "rprop", "batch_size": 0, "loss": "mae", "step_min": -1}, task="regression")
    assert [fault.field for fault in caught.value.faults] == ["step_min", "batch_size"]


def test_in_a_grid_what_hangs_on_an_unused_field_goes_with_it() -> None:
    point = {"optimizer": "rprop", "learning_rate_schedule": "cosine", "end_factor": 0.1, "warmup_epochs": 1}
    assert canonical(point) == {"optimizer": "rprop"}
    assert canonical({**point, "optimizer": "sgd"}) == {**point, "optimizer": "sgd"}
