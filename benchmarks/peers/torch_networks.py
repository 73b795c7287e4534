"""PyTorch, two ways of training: what both need to know of a task."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.peers.task import Task


def network(task: Task, seed: int) -> nn.Sequential:
    """The network of one seed with its first weights; `seed` is its position among the task's seeds."""
    layers: list[nn.Module] = []
    for weight in task.weights:
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight[seed].T.copy()))
            linear.bias.zero_()
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def targets(task: Task) -> Tensor:
    """Numbers for the squared error, classes for cross-entropy."""
    return torch.from_numpy(task.targets if task.loss == "mse" else task.classes)


def loss(task: Task) -> Callable[[Tensor, Tensor], Tensor]:
    """The mean over the batch, and for the squared error over outputs."""
    if task.loss == "cross_entropy":
        return nn.functional.cross_entropy
    # Under two levels of vmap mse_loss fails in PyTorch 2.13; under one it is the faster of the two.
    return nn.functional.mse_loss if len(task.seeds) == 1 else _mse


def about() -> dict[str, str]:
    """Name the version and what computes the products."""
    blas = "MKL" if torch.backends.mkl.is_available() else "no MKL"
    return {"torch": torch.__version__, "products": f"{blas}, {torch.backends.cpu.get_cpu_capability()}"}


def _mse(outputs: Tensor, targets: Tensor) -> Tensor:
    return torch.mean((outputs - targets) ** 2)
