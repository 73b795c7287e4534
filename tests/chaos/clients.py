"""People who submit: they repeat a request under its key until it is answered, and keep the site busy."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import func, select

from service.planning.statuses import PopulationState
from service.store.schema import PopulationRow
from tests.chaos.site import Site

PATIENCE = 90.0  # seconds until a request must have been answered
PAUSE = 0.05  # seconds before it is repeated

# Small enough to be through in seconds, long enough that most faults strike in the middle: of every kind of
# state that a checkpoint must hold (momentum, Adam's moments, Rprop's steps; dropout; best weights).
SWEEPS: tuple[dict[str, Any], ...] = (
    {
        "name": "momentum and dropout",
        "dataset": "iris",
        "rerun": True,
        "baselines": False,
        "seeds": 4,
        "parameters": {
            "learning_rate": {"values": [0.05, 0.2]},
            "hidden_layers": {"value": [16]},
            "optimizer": "momentum",
            "dropout": 0.1,
            "batch_size": 8,
            "epochs": 900,
        },
    },
    {
        "name": "adam, best weights",
        "dataset": "wine",
        "rerun": True,
        "baselines": False,
        "keep_weights": "both",
        "seeds": 3,
        "parameters": {
            "learning_rate": {"values": [0.001, 0.01]},
            "hidden_layers": {"value": [32, 16]},
            "optimizer": "adam",
            "batch_size": 8,
            "epochs": 500,
        },
    },
    {
        "name": "rprop on numbers",
        "dataset": "diabetes",
        "rerun": True,
        "baselines": False,
        "seeds": 3,
        "parameters": {
            "l2": {"values": [0, 0.01]},
            "hidden_layers": {"value": [8]},
            "optimizer": "irprop_minus",
            "batch_size": "full",
            "epochs": 3000,
        },
    },
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was answered with a sweep; `answers` are the sweep's ids, one per answer."""

    key: str
    answers: tuple[str, ...]


@dataclass(slots=True)
class Clients:
    """All the site's clients; what they were promised is in `accepted`."""

    site: Site
    sweeps: Sequence[dict[str, Any]] = SWEEPS
    accepted: list[Accepted] = field(default_factory=list)
    repeated: int = 0  # requests that were not answered with a sweep
    _next: int = 0

    def keep_busy(self) -> None:
        """Submit until more work waits than all workers can have in hand."""
        while self._waiting() < len(self.site.workers):
            self.submit()

    def submit(self, times: int = 1) -> None:
        """Submit the next sweep under a new key; `times` counts the answers that are waited for."""
        number, self._next = self._next, self._next + 1
        key = f"chaos-{number}"
        body = json.dumps(self.sweeps[number % len(self.sweeps)]).encode()
        self.accepted.append(Accepted(key, tuple(self._ask(key, body) for _ in range(times))))

    def broken_promises(self) -> list[str]:
        """Keys that were answered with more than one sweep."""
        return [
            f"key {accepted.key} was answered with {sorted(set(accepted.answers))}"
            for accepted in self.accepted
            if len(set(accepted.answers)) > 1
        ]

    def _ask(self, key: str, body: bytes) -> str:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.site.client.post("/api/v1/sweeps", content=body, headers=headers)
            except httpx.TransportError as error:
                refusal = str(error)
            else:
                if answer.status_code == 201:
                    return str(answer.json()["id"])
                assert answer.status_code >= 500, answer.text
                refusal = answer.text
            self.repeated += 1
            assert time.monotonic() < deadline, f"{key} was never answered: {refusal}"
            time.sleep(PAUSE)

    def _waiting(self) -> int:
        with self.site.database.read() as session:
            waiting = select(func.count()).where(PopulationRow.state == PopulationState.QUEUED)
            return session.scalar(waiting) or 0
