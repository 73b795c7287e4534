"""PyTorch trains the cases it is given, with our settings converted to its own wherever they differ."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sklearn
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import Tensor, nn

from benchmarks.oracles.pytorch_draws import dropout, first_weights
from benchmarks.oracles.pytorch_steps import Steps

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softsign": nn.Softsign,
    "elu": nn.ELU,
    "gelu_tanh": lambda: nn.GELU(approximate="tanh"),
    "identity": nn.Identity,
}


class Dropped(nn.Module):
    """What nn.Dropout does, but which outputs stay is said; in evaluation all do."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        # What a one that stays becomes.
        self.factor = float(nn.functional.dropout(torch.ones(1000).double(), probability).max())
        self.stays = torch.empty(0)

    def forward(self, values: Tensor) -> Tensor:
        """Drop and scale."""
        return values * self.stays * self.factor if self.training else values


class Loss:
    """Each loss by PyTorch's function, averaged over the batch."""

    def __init__(self, name: str, classes: Tensor | None, outputs: int, balanced: Tensor | None) -> None:
        """Of classes all losses but cross-entropy see one-hot targets."""
        self._name, self._classes, self._balanced = name, classes, balanced
        self._right = None if classes is None else nn.functional.one_hot(classes, outputs).double()

    def __call__(
        self, outputs: Tensor, numbers: Tensor, rows: list[int], *, weighted: bool = False
    ) -> Tensor:
        """Return the loss of these rows.

        Under `weighted` our mean divides by the number of examples, where PyTorch divides by their weights.
        """
        classes, weight = self._classes, self._balanced if weighted else None
        if self._name == "cross_entropy":
            assert classes is not None  # noqa: S101 — for the type checker
            total = nn.functional.cross_entropy(outputs, classes[rows], weight=weight, reduction="sum")
            return total / len(rows)
        function = {
            "mse": nn.functional.mse_loss,
            "mae": nn.functional.l1_loss,
            "huber": nn.functional.huber_loss,
            "binary_cross_entropy": nn.functional.binary_cross_entropy_with_logits,
        }[self._name]
        targets = numbers[rows] if self._right is None else self._right[rows]
        if weight is None or classes is None:
            return function(outputs, targets)
        by_example = function(outputs, targets, reduction="none").mean(dim=1)
        return (by_example * weight[classes[rows]]).mean()


def train(case: dict[str, Any], start: dict[str, Any], table: dict[str, Any]) -> dict[str, Any]:
    """Return a case's losses, rates and gradient norms by epoch, and its last weights."""
    values = case["values"]
    inputs = torch.tensor(table["inputs"], dtype=torch.float64)
    numbers = torch.tensor(table["targets"], dtype=torch.float64)
    classes = torch.tensor(table["targets"]) if table["task"] == "classification" else None
    balanced = None
    if values.get("class_weight") == "balanced" and classes is not None:
        seen = classes[start["train_rows"]].numpy()
        balanced = torch.from_numpy(compute_class_weight("balanced", classes=np.unique(seen), y=seen))
    loss_of = Loss(values["loss"], classes, table["outputs"], balanced)
    network = _network(values, start["parameters"])
    size = len(start["train_rows"]) if values["batch_size"] == "full" else values["batch_size"]
    steps = Steps(values, network, -(-len(start["train_rows"]) // size))
    found: dict[str, Any] = {
        "train_loss": [],
        "validation_loss": [],
        "learning_rate": [],
        "gradient_norm": [],
    }
    for epoch, order in enumerate(start["orders"]):
        total, rate, norm = 0.0, 0.0, 0.0
        network.train()
        for step, first in enumerate(range(0, len(order), size)):
            rows = order[first : first + size]
            for layer, dropped in enumerate(m for m in network.modules() if isinstance(m, Dropped)):
                dropped.stays = torch.tensor(case["kept"][epoch][step][layer], dtype=torch.float64)
            loss = loss_of(network(inputs[rows]), numbers, rows, weighted=True)
            rate, norm = steps.take(loss)
            total += loss.item() * len(rows)
        network.eval()
        with torch.no_grad():
            chosen = start["validation_rows"]
            validation = loss_of(network(inputs[chosen]), numbers, chosen).item()
        for name, number in zip(found, (total / len(order), validation, rate, norm), strict=True):
            found[name].append(number)
    return {**found, "parameters": dict(_parameters(network))}


def _network(values: dict[str, Any], parameters: dict[str, Any]) -> nn.Sequential:
    """Return the network with its first weights; PyTorch keeps a weight as (outputs, inputs)."""
    last = len(values["hidden_layers"])
    modules: list[nn.Module] = []
    for layer in range(last + 1):
        weight = torch.tensor(parameters[f"layers.{layer}.weight"], dtype=torch.float64)
        linear = nn.Linear(*weight.shape, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(weight.T)
            linear.bias.copy_(torch.tensor(parameters[f"layers.{layer}.bias"], dtype=torch.float64))
        modules.append(linear)
        name = values["activation"] if layer < last else values.get("output_activation", "identity")
        modules.append(ACTIVATIONS[name]())
        if layer < last and "dropout" in values:
            modules.append(Dropped(values["dropout"]))
    return nn.Sequential(*modules)


def _parameters(network: nn.Sequential) -> Iterator[tuple[str, Any]]:
    linear = (module for module in network if isinstance(module, nn.Linear))
    for layer, module in enumerate(linear):
        yield f"layers.{layer}.weight", module.weight.detach().T.tolist()
        yield f"layers.{layer}.bias", module.bias.detach().tolist()


def main() -> None:
    """Answer the question on standard input."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    question = json.load(sys.stdin)
    cases = [
        train(case, question["starts"][case["start"]], question["tables"][case["table"]])
        for case in question["cases"]
    ]
    versions = {"torch": torch.__version__, "scikit-learn": sklearn.__version__}
    facts = {"first_weights": first_weights(), "dropout": dropout()}
    json.dump({"versions": versions, **facts, "cases": cases}, sys.stdout)


if __name__ == "__main__":
    main()
