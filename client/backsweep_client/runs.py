"""One run: its configuration, its metrics, and what can be had of it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backsweep_client import pages
from backsweep_client.losses import Losses
from backsweep_client.numbers import number, setting_in_words
from backsweep_client.problems import TimedOut
from backsweep_client.transport import Transport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE_SIZE = 500
POLL_SECONDS = 0.5  # between two looks at a verification


class Run:
    """A run as the service told of it last; `refresh` asks again."""

    def __init__(self, transport: Transport, document: Mapping[str, Any]) -> None:
        """Made by a client or a sweep."""
        self._transport = transport
        self.document = dict(document)

    @property
    def id(self) -> str:
        """`r_` and a UUID."""
        return str(self.document["id"])

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
    def state(self) -> str:
        """One of queued, running, paused, completed, pruned, diverged, failed, canceled."""
        return str(self.document["state"])

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

    def refresh(self) -> Run:
        """Ask again how it stands; the run itself, for chaining."""
        self.document = self._transport.json(f"/runs/{self.id}")
        return self

    def losses(self, *, max_points: int | None = None, after_epoch: int = 0) -> Losses:
        """What each recorded epoch measured."""
        params = {"max_points": max_points, "after_epoch": after_epoch or None}
        return Losses.of(self._transport.json(f"/runs/{self.id}/losses", params))

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
        path = f"/runs/{self.id}/weights"
        return self._transport.request("GET", path, params=params, headers=headers).content

    def save_weights(self, target: str | Path, which: str = "final") -> Path:
        """Write the weights in the format that the file's name ends in."""
        path = Path(target)
        path.write_bytes(self.weights_bytes(path.suffix.removeprefix(".") or "safetensors", which))
        return path

    def predict(self, rows: Sequence[Mapping[str, Any]], which: str = "final") -> dict[str, Any]:
        """What the network makes of rows (a value for each column), as the service computes it."""
        body = {"rows": [dict(row) for row in rows], "which": which}
        answer: dict[str, Any] = self._transport.post(f"/runs/{self.id}:predict", body)
        return answer

    def verify(self, *, wait: bool = False, timeout: float | None = None) -> dict[str, Any]:
        """Have it trained again alone, and the weights compared; the verification now, or at its end.

        Raises: TimedOut if it has not ended after so many seconds; it goes on all the same.
        """
        answer: dict[str, Any] = self._transport.post(f"/runs/{self.id}:verify")
        until = None if timeout is None else time.monotonic() + timeout
        while wait and answer["state"] in ("queued", "running"):
            if until is not None and time.monotonic() >= until:
                raise TimedOut(f"verification {answer['id']} is {answer['state']} after {timeout:g} seconds")
            time.sleep(POLL_SECONDS)
            answer = self._transport.json(f"/verifications/{answer['id']}")
        return answer

    def __repr__(self) -> str:
        return (
            f"<Run {self.number} seed {self.seed} {self.state} {setting_in_words(self.parameters)} {self.id}>"
        )


def runs_of(
    transport: Transport,
    *,
    sweep: str | None,
    filter: str | None,  # noqa: A002 - the API's name for it
    order_by: str | None,
    state: str | Iterable[str],
    role: str | None,
    limit: int | None,
) -> Iterator[Run]:
    """Runs of one sweep or of all, page by page."""
    states = [state] if isinstance(state, str) else list(state)
    params = {"sweep": sweep, "filter": filter, "order_by": order_by, "role": role, "state": states or None}
    found = pages.items(transport, "/runs", params, limit=limit, page_size=PAGE_SIZE)
    return (Run(transport, document) for document in found)
