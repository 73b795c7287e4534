"""PyTorch's optimizers and schedules, with what ours are called, and where they differ made alike."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

Values = dict[str, Any]


class Steps:
    """The steps of one training: penalties, clipping, optimizer and schedule."""

    def __init__(self, values: Values, network: nn.Module, steps_per_epoch: int) -> None:
        self._parameters = list(network.parameters())
        self._weights = [p for p in self._parameters if p.dim() == 2]
        self._l1, self._clip = values.get("l1"), values.get("gradient_clip")
        self._optimizer = _optimizer(values, self._weights, [p for p in self._parameters if p.dim() == 1])
        self._schedule = _schedule(values, self._optimizer, steps_per_epoch)

    def take(self, loss: Tensor) -> tuple[float, float]:
        """Descend, and return the rate of this step and the gradient's norm before clipping."""
        if self._l1 is not None:
            loss = loss + self._l1 * sum(weight.abs().sum() for weight in self._weights)
        self._optimizer.zero_grad()
        loss.backward()
        norm = float(nn.utils.get_total_norm([p.grad for p in self._parameters if p.grad is not None]))
        if self._clip is not None:
            # PyTorch divides by norm + 1e-6, we by the norm.
            nn.utils.clip_grad_norm_(self._parameters, self._clip * (norm + 1e-6) / norm)
        rate = float(self._optimizer.param_groups[0]["lr"])
        self._optimizer.step()
        if self._schedule is not None:
            self._schedule.step()
        return rate, norm


def _optimizer(values: Values, weights: list[Tensor], biases: list[Tensor]) -> torch.optim.Optimizer:
    """Return PyTorch's optimizer; what `values` do not name is left to PyTorch's default.

    Its weight_decay, which would shrink biases too, is given to the weights alone: in AdamW it is our
    weight_decay, in the others our l2.
    """
    name, rate = values["optimizer"], values["learning_rate"]
    decay = "weight_decay" if name == "adamw" else "l2"
    shrinking = {"weight_decay": values[decay]} if decay in values else {}
    rprop = name == "irprop_minus"
    groups: list[dict[str, Any]] = [
        {"params": weights, **shrinking},
        {"params": biases, **({} if rprop else {"weight_decay": 0.0})},
    ]
    betas = {"betas": (values["beta1"], values["beta2"])} if "beta1" in values else {}
    epsilon = {"eps": values["epsilon"]} if "epsilon" in values else {}
    if name == "adam":
        return torch.optim.Adam(groups, lr=rate, **betas, **epsilon)
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=rate, **betas, **epsilon)
    if name == "adagrad":
        return torch.optim.Adagrad(groups, lr=rate, **epsilon)
    if name == "rmsprop":
        decays = {"alpha": values["decay"]} if "decay" in values else {}
        return torch.optim.RMSprop(groups, lr=rate, **decays, **epsilon)
    if rprop:
        etas = {"etas": (values["eta_minus"], values["eta_plus"])} if "eta_plus" in values else {}
        # Our step_min is 0 unless it is named, PyTorch's 1e-6.
        bounds = {"step_sizes": (values["step_min"], values.get("step_max", 50.0))}
        return torch.optim.Rprop(groups, lr=rate, **etas, **bounds)
    return torch.optim.SGD(groups, lr=rate, momentum=values.get("momentum", 0.0), nesterov=name == "nesterov")


def _schedule(
    values: Values, optimizer: torch.optim.Optimizer, steps_per_epoch: int
) -> lr_scheduler.LRScheduler | None:
    """Return PyTorch's schedule, to be stepped once per batch, as ours are."""
    warmup = round(values.get("warmup_epochs", 0) * steps_per_epoch)
    steps = values["epochs"] * steps_per_epoch - warmup
    after = _after_warmup(values, optimizer, steps_per_epoch, steps)
    if not warmup:
        return after
    # Our first of W steps is taken at 1 / W of the rate, and the W-th at all of it.
    first = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
    return first if after is None else lr_scheduler.SequentialLR(optimizer, [first, after], [warmup])


def _after_warmup(
    values: Values, optimizer: torch.optim.Optimizer, steps_per_epoch: int, steps: int
) -> lr_scheduler.LRScheduler | None:
    name, end = values.get("learning_rate_schedule"), values.get("end_factor", 0.0)
    gamma = {"gamma": values["gamma"]} if "gamma" in values else {}
    if name == "step":
        return lr_scheduler.StepLR(optimizer, values["step_size"] * steps_per_epoch, **gamma)
    if name == "exponential":  # by epoch: a step's factor is the root
        return lr_scheduler.ExponentialLR(optimizer, values["gamma"] ** (1 / steps_per_epoch))
    if name == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=end * values["learning_rate"])
    if name == "linear":
        return lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=end, total_iters=steps)
    if name == "one_cycle":
        settings = {
            key: values[key] for key in ("pct_start", "div_factor", "final_div_factor") if key in values
        }
        return lr_scheduler.OneCycleLR(
            optimizer, values["learning_rate"], total_steps=steps, cycle_momentum=False, **settings
        )
    return None
