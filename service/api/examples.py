"""Submissions and extensions that work as they stand, shown in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from service.planning.submission import EXAMPLE, FUNCTION_EXAMPLE

SUBMISSIONS: dict[str, Any] = {
    "smallest": {
        "summary": "The smallest sweep",
        "value": {
            "name": "iris, three rates",
            "dataset": "iris",
            "method": "grid",
            "parameters": {"learning_rate": {"values": [0.01, 0.1, 1.0]}, "epochs": 20},
        },
    },
    "learning_rates": {"summary": "A learning-rate curve for two widths", "value": EXAMPLE},
    "function": {"summary": "Learning rates on a function, from slow to lost", "value": FUNCTION_EXAMPLE},
}

EXTENSIONS: dict[str, Any] = {
    "seeds": {"summary": "Five more seeds", "value": {"seeds": 5}},
    "values": {
        "summary": "Another learning rate",
        "value": {"parameters": {"learning_rate": {"values": [3.0]}}},
    },
    "epochs": {"summary": "Sixty epochs in place of thirty", "value": {"epochs": 60}},
}

_FILE = """\
# A sweep file of Weights & Biases, as it is
method: grid
metric: {name: val_loss, goal: minimize}
dataset: digits
seeds: 10
parameters:
  lr:
    distribution: log_uniform_values
    min: 1e-3
    max: 10
    count: 13
  hidden_layers:
    values: [[32], [64]]
"""

_RANDOM_FILE = """\
dataset: wine
method: random
run_cap: 40
parameters:
  learning_rate: {distribution: log_uniform_values, min: 1e-3, max: 1}
  optimizer: {values: [sgd, adam], probabilities: [0.25, 0.75]}
  l2: {min: 0.0, max: 0.1}
"""

YAML_SUBMISSIONS: dict[str, Any] = {
    "file": {"summary": "A sweep file", "value": _FILE},
    "random": {"summary": "A random search", "value": _RANDOM_FILE},
}
