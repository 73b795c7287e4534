"""What PyTorch draws cannot be compared number by number: recorded is how its draws are distributed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

FAN_IN, FAN_OUT = 200, 300
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)  # of the quantiles

INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "he_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "he_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "glorot_normal": nn.init.xavier_normal_,
    "glorot_uniform": nn.init.xavier_uniform_,
    "lecun_normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="linear"),
    "lecun_uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="linear"),
}


def first_weights() -> dict[str, dict[str, Any]]:
    """Return the spread of a layer's weights, 200 -> 300, by initializer, and of nn.Linear's biases."""
    spreads = {
        name: _spread(draw(torch.empty(FAN_OUT, FAN_IN, dtype=torch.float64)))
        for name, draw in INITIALIZERS.items()
    }
    layers = [nn.Linear(FAN_IN, FAN_OUT, dtype=torch.float64) for _ in range(20)]
    spreads["torch"] = _spread(layers[0].weight.detach())
    spreads["torch, biases"] = _spread(torch.cat([layer.bias.detach() for layer in layers]))
    return spreads


def dropout(probability: float = 0.3, units: int = 100_000) -> dict[str, Any]:
    """Return what nn.Dropout makes of ones: which values, what share of 0, and what in evaluation."""
    layer, ones = nn.Dropout(probability), torch.ones(units, dtype=torch.float64)
    after = layer(ones)
    return {
        "probability": probability,
        "values": after.unique().tolist(),
        "dropped": float((after == 0.0).double().mean()),
        "in evaluation": layer.eval()(ones).unique().tolist(),
    }


def _spread(drawn: Tensor) -> dict[str, Any]:
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    return {
        "standard_deviation": float(drawn.std()),
        "largest": float(drawn.abs().max()),
        "quantiles": {str(level): float(q) for level, q in zip(LEVELS, drawn.quantile(levels), strict=True)},
    }
