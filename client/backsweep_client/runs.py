"""One run: its configuration, its metrics, and what can be had of it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsweep_client import pages
from backsweep_client.documents import Document
from backsweep_client.layers import Layers
from backsweep_client.losses import Losses
from backsweep_client.numbers import number, setting_in_words
from backsweep_client.problems import TimedOut
from backsweep_client.transport import Transport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE_SIZE = 500
POLL_SECONDS = 0.5  # between two looks at a verification


class Run(Document):
    """A run as the service told of it last; `refresh` asks again.

    Its state is one of queued, running, paused, completed, pruned, diverged, failed, canceled.
    """

    collection = "runs"

    @property
    def sweep(self) -> str:
        """The id of its sweep."""
        return str(self.document["sweep"])

    @property
    def number(self) -> int:
        """From 1 within its sweep."""
        return int(self.document["number"])

    @property
    def role(self) -> str:
        """`search`, or what it is a baseline for."""
        return str(self.document["role"])

    @property
    def seed(self) -> int:
        """What its first weights, order and validation rows are drawn from."""
        return int(self.document["seed"])

    @property
    def reason(self) -> str | None:
        """Why it ended, where there is more to say than its state."""
        reason: str | None = self.document["reason"]
        return reason

    @property
    def configuration(self) -> Mapping[str, Any]:
        """With all defaults filled and unused fields removed."""
        configuration: Mapping[str, Any] = self.document["configuration"]
        return configuration

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The part of the configuration that its sweep varies."""
        parameters: Mapping[str, Any] = self.document["parameters"]
        return parameters

    @property
    def metrics(self) -> Mapping[str, float]:
        """Each metric at its last epoch; what was not measured is not there."""
        last = {name: number(each.get("last")) for name, each in self.document["metrics"].items()}
        return {name: value for name, value in last.items() if value is not None}

    def losses(self, *, max_points: int | None = None, after_epoch: int = 0) -> Losses:
        """What each recorded epoch measured."""
        params = {"max_points": max_points, "after_epoch": after_epoch or None}
        return Losses.of(self.transport.json(f"{self._path}/losses", params))

    def layers(self, *, after_epoch: int = 0) -> Layers:
        """What the last step of each recorded epoch did to each layer."""
        return Layers.of(self.transport.json(f"{self._path}/layers", {"after_epoch": after_epoch or None}))

    def weights(self, which: str = "final") -> dict[str, NDArray[np.floating[Any]]]:
        """Tensors by name: `layers.0.weight` (inputs, outputs), `layers.0.bias` (outputs,) and so on.

        Raises: ImportError without NumPy; `weights_bytes` needs none.
        """
        import numpy as np

        with np.load(io.BytesIO(self.weights_bytes("npz", which)), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}

    def weights_bytes(self, format: str = "safetensors", which: str = "final") -> bytes:  # noqa: A002 - the API's
        """The weights as a file: safetensors, npz, onnx or json."""
        params = {"format": format, "which": which}
        headers = {"Accept": "*/*"}
        answer = self.transport.request("GET", f"{self._path}/weights", params=params, headers=headers)
        return answer.content

    def save_weights(self, target: str | Path, which: str = "final") -> Path:
        """Write the weights in the format that the file's name ends in."""
        path = Path(target)
        path.write_bytes(self.weights_bytes(path.suffix.removeprefix(".") or "safetensors", which))
        return path

    def predict(self, rows: Sequence[Mapping[str, Any]], which: str = "final") -> dict[str, Any]:
        """What the network makes of rows (a value for each column), as the service computes it."""
        body = {"rows": [dict(row) for row in rows], "which": which}
        answer: dict[str, Any] = self.transport.post(f"{self._path}:predict", body)
        return answer

    def verify(self, *, wait: bool = False, timeout: float | None = None) -> dict[str, Any]:
        """Have it trained again alone, and the weights compared; the verification now, or at its end.

        Raises: TimedOut if it has not ended after so many seconds; it goes on all the same.
        """
        answer: dict[str, Any] = self.transport.post(f"{self._path}:verify")
        until = None if timeout is None else time.monotonic() + timeout
        while wait and answer["state"] in ("queued", "running"):
            if until is not None and time.monotonic() >= until:
                raise TimedOut(f"verification {answer['id']} is {answer['state']} after {timeout:g} seconds")
            time.sleep(POLL_SECONDS)
            answer = self.transport.json(f"/verifications/{answer['id']}")
        return answer

    def __repr__(self) -> str:
        return (
            f"<Run {self.number} seed {self.seed} {self.state} {setting_in_words(self.parameters)} {self.id}>"
        )


class WithRuns:
    """What has runs: a sweep its own, a client those of all sweeps."""

    transport: Transport

    @property
    def _sweep_of_runs(self) -> str | None:
        return None

    def runs(
        self,
        filter: str | None = None,  # noqa: A002 - the API's name for it
        *,
        order_by: str | None = None,
        state: str | Iterable[str] = (),
        role: str | None = None,
        limit: int | None = None,
    ) -> Iterator[Run]:
        """Runs page by page: a sweep's by their numbers, or all, the newest first.

        `filter` is the API's query language; `role` is `search` or a baseline's.
        """
        states = [state] if isinstance(state, str) else list(state)
        params = {
            "sweep": self._sweep_of_runs,
            "filter": filter,
            "order_by": order_by,
            "role": role,
            "state": states or None,
        }
        found = pages.items(self.transport, "/runs", params, limit=limit, page_size=PAGE_SIZE)
        return (Run(self.transport, document) for document in found)
