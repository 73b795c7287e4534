"""Choices that are right each by itself can still contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import FieldFault
from core.fields import ACTIVATIONS, CLASS_LOSSES, FUSED, LOSSES, RANGE_TEST, RPROP_FAMILY


def contradictions(values: Mapping[str, Any], task: str) -> Iterator[tuple[FieldFault, set[str]]]:
    """Yield each fault of complete `values`, with the fields that it follows from."""
    yield from _of_the_task(values, task)
    yield from _of_the_output(values)
    if values["optimizer"] in RPROP_FAMILY:
        yield from _of_rprop(values)
    elif values["learning_rate_schedule"] == RANGE_TEST:
        yield from _of_a_range_test(values)


def _of_the_task(values: Mapping[str, Any], task: str) -> Iterator[tuple[FieldFault, set[str]]]:
    loss = values["loss"]
    if task == "regression" and loss in CLASS_LOSSES:
        allowed = ", ".join(name for name in LOSSES if name not in CLASS_LOSSES)
        message = f"{loss} needs classes, and the task is regression"
        yield FieldFault("loss", message, loss, allowed), {"loss"}
    if task == "regression" and values["class_weight"] is not None:
        message = "class_weight needs classes, and the task is regression"
        yield FieldFault("class_weight", message, values["class_weight"], "null"), {"class_weight"}


def _of_the_output(values: Mapping[str, Any]) -> Iterator[tuple[FieldFault, set[str]]]:
    """The output of a loss on logits is the one that it is fused with; nothing else is softmax."""
    loss, output_activation = values["loss"], values["output_activation"]
    fused = FUSED.get(loss)
    if fused == output_activation or (fused is None and output_activation != "softmax"):
        return
    message = f"{output_activation} does not go with the loss {loss}"
    allowed = f"{fused or ', '.join(ACTIVATIONS)}, or null"
    yield FieldFault("output_activation", message, output_activation, allowed), {"loss", "output_activation"}


def _of_rprop(values: Mapping[str, Any]) -> Iterator[tuple[FieldFault, set[str]]]:
    optimizer, size = values["optimizer"], values["batch_size"]
    if size != "full":
        message = f"{optimizer} compares the signs of whole gradients, and a batch of {size} is a part"
        yield FieldFault("batch_size", message, size, '"full", or null'), {"optimizer", "batch_size"}
    lowest, first, highest = values["step_min"], values["learning_rate"], values["step_max"]
    if lowest > highest:
        message = f"step_min {lowest:g} is above step_max {highest:g}"
        yield FieldFault("step_min", message, lowest, f"at most {highest:g}"), {"step_min", "step_max"}
        return
    allowed = f"from {lowest:g} to {highest:g}"
    if not lowest <= first <= highest:
        message = f"the first step {first:g} is not between step_min and step_max"
        yield FieldFault("learning_rate", message, first, allowed), {"learning_rate", "step_min", "step_max"}
        return
    last = values["initial_step_max"]
    if last is not None and not first <= last <= highest:
        message = f"initial_step_max {last:g} is not between learning_rate and step_max"
        involved = {"initial_step_max", "learning_rate", "step_min", "step_max"}
        yield FieldFault("initial_step_max", message, last, f"from {first:g} to {highest:g}"), involved


def _of_a_range_test(values: Mapping[str, Any]) -> Iterator[tuple[FieldFault, set[str]]]:
    """It has its own end, and nothing is validated in it."""
    for name in ("patience", "stop_generalization_loss", "stop_progress", "restore_best"):
        if values[name] not in (None, False):
            message = f"{name} means nothing in a range test, which validates nothing and has its own end"
            yield FieldFault(name, message, values[name], "null"), {"learning_rate_schedule", name}
