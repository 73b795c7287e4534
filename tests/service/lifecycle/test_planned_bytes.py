from __future__ import annotations

import pytest

from core.configuration import resolve
from service.lifecycle.dataset_subject import parameter_count
from service.lifecycle.planned_bytes import recorded_epochs
from service.planning.measurements import is_recorded


@pytest.mark.parametrize("epochs", [1, 2, 999, 1000, 1001, 1500, 2000, 2001, 4999, 5000, 12_345])
def test_the_recorded_epochs_are_counted_as_they_are_chosen(epochs: int) -> None:
    assert recorded_epochs(epochs) == sum(is_recorded(epoch, epochs) for epoch in range(1, epochs + 1))


def test_a_network_of_784_30_10_has_the_parameters_that_nielsen_counts() -> None:
    # Nielsen, Neural Networks and Deep Learning, chapter 3: 784 x 30 + 30 x 10 weights and 30 + 10 biases
    configuration = resolve({"hidden_layers": [30]}, task="classification")
    assert parameter_count(configuration, 784, 10) == 23_860
