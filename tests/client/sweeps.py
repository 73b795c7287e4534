"""What the tests of the client submit."""

from __future__ import annotations

from typing import Any

WINE: dict[str, Any] = {
    "name": "wine & <how> wide",
    "dataset": "wine",
    "rerun": True,
    "seeds": 4,
    "parameters": {
        "learning_rate": {"values": [0.01, 0.1, 1.0]},
        "hidden_layers": {"values": [[], [4]]},
        "epochs": 5,
    },
}
ENDLESS: dict[str, Any] = {
    "dataset": "iris",
    "rerun": True,
    "seeds": 1,
    "baselines": False,
    "parameters": {"learning_rate": 0.001, "hidden_layers": {"value": [8]}, "epochs": 100_000},
}
