"""The sweeps that are measured, as they are submitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RATES = {"distribution": "log_uniform_values", "min": 1e-3, "max": 1.0}
REFERENCE = {
    "hidden_layers": {"value": [64]},
    "activation": "relu",
    "loss": "mse",
    "optimizer": "sgd",
    "batch_size": 32,
}


def reference(*, rates: int = 13, seeds: int = 20, epochs: int = 30) -> Mapping[str, Any]:
    """Learning rates on the digits, 64-64-10; they stay where no run diverges, which would be less work."""
    return {
        "name": f"{rates} learning rates, {seeds} seeds",
        "dataset": "digits",
        "rerun": True,
        "seeds": seeds,
        "keep_weights": "final",
        "baselines": False,
        "parameters": {"learning_rate": {**RATES, "count": rates}, "epochs": epochs, **REFERENCE},
    }


def tiny(*, runs: int, epochs: int) -> Mapping[str, Any]:
    """Linear networks on the irises that see all examples at once: hardly anything but loss rows."""
    return {
        "name": f"{runs} tiny networks",
        "dataset": "iris",
        "rerun": True,
        "seeds": 4,
        "keep_weights": "none",
        "baselines": False,
        "parameters": {
            "learning_rate": {**RATES, "max": 0.1, "count": runs // 4},
            "epochs": epochs,
            "hidden_layers": {"value": []},
            "batch_size": "full",
        },
    }


def endless() -> Mapping[str, Any]:
    """One run, so one population, that lasts until it is canceled."""
    sweep = reference(seeds=1, epochs=1_000_000)
    return {**sweep, "name": "one long run", "parameters": {**sweep["parameters"], "learning_rate": 0.01}}
