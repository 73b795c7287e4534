"""What is trained: one run that lasts for seconds, and several short ones that both workers get a part of."""

from __future__ import annotations

from typing import Any

ONE: dict[str, Any] = {
    "name": "one long run",
    "dataset": "digits",
    "rerun": True,
    "baselines": False,
    "seeds": 1,
    "keep_weights": "both",
    "parameters": {
        "learning_rate": 0.002,
        "optimizer": "momentum",
        "dropout": 0.1,
        "hidden_layers": {"value": [16]},
        "batch_size": 4,
        "epochs": 300,
    },
}
SEVERAL: dict[str, Any] = {
    "name": "several short runs",
    "dataset": "wine",
    "rerun": True,
    "baselines": False,
    "seeds": 3,
    "parameters": {
        "learning_rate": {"values": [0.001, 0.01]},
        "hidden_layers": {"values": [[16], [8, 8]]},
        "optimizer": "adam",
        "batch_size": 4,
        "epochs": 200,
    },
}
