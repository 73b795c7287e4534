"""The service, as a program on any machine uses it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from backsweep_client import downloads, events, pages, submission
from backsweep_client.connection import Connection
from backsweep_client.events import Event
from backsweep_client.keys import Keys
from backsweep_client.losses import Losses
from backsweep_client.runs import Run, WithRuns
from backsweep_client.submission import Body, Submission
from backsweep_client.sweeps import Sweep
from backsweep_client.tables import DataLike, as_csv
from backsweep_client.transport import Transport

MOST_RUNS_AT_ONCE = 200


class Client(WithRuns):
    """A connection to one service.

    Without arguments it is the one on this machine: BACKSWEEP_URL (or BACKSWEEP_PORT) says where, and
    BACKSWEEP_TOKEN or the file `token` in BACKSWEEP_HOME who asks. `key` is the token or an API key.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        http: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.transport = Transport(Connection.find(url, key), timeout=timeout, http=http)

    def submit(self, sweep: Submission | Body, *, idempotency_key: str | None = None) -> Sweep:
        """Store a sweep: a dictionary, or the path of a JSON or YAML file.

        A key is sent with it, so that a repeated request finds the first one's sweep.

        Raises: Invalid, whose `errors` are everything that is wrong with it.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        return Sweep(self.transport, self._sent("/sweeps", sweep, headers))

    def preview(self, sweep: Submission | Body) -> dict[str, Any]:
        """What a submit of the same would create; nothing is stored."""
        return self._sent("/sweeps:preview", sweep, {})

    def _sent(self, path: str, sweep: Submission | Body, headers: Mapping[str, str]) -> dict[str, Any]:
        body = sweep if isinstance(sweep, Body) else submission.read(sweep)
        headers = {"Content-Type": body.media_type, **headers}
        response = self.transport.request("POST", path, content=body.content, headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    def sweep(self, sweep_id: str) -> Sweep:
        """The sweep with this id."""
        return Sweep(self.transport, self.transport.json(f"/sweeps/{sweep_id}"))

    def sweeps(self, limit: int | None = None) -> Iterator[Sweep]:
        """Your sweeps, the newest first."""
        found = pages.items(self.transport, "/sweeps", {}, limit=limit, page_size=100)
        return (Sweep(self.transport, document) for document in found)

    def events(
        self, after: str | int | None = None, *, begun: Callable[[], object] | None = None
    ) -> Iterator[Event]:
        """What happens to all of your sweeps, from now on or behind the id `after`, as it happens.

        It has no end. `data["sweep"]` says which sweep it is. A lost connection is made again, and nothing is
        missed or told twice.
        `begun` is called once before the first event of those from now on: what is asked in it of the service
        is told of everything before.
        """
        return events.follow(self.transport, "/events", None if after is None else str(after), begun)

    def run(self, run_id: str) -> Run:
        """The run with this id."""
        return Run(self.transport, self.transport.json(f"/runs/{run_id}"))

    def preprocessing(self, sweep_id: str) -> dict[str, Any]:
        """What was fitted to a sweep's dataset, on the rows outside the test set."""
        answer: dict[str, Any] = self.transport.json(f"/sweeps/{sweep_id}/preprocessing")
        return answer

    def losses(self, runs: Iterable[Run | str], *, max_points: int | None = None) -> list[Losses]:
        """The losses of many runs, 200 in a request."""
        ids = [run if isinstance(run, str) else run.id for run in runs]
        found: list[Losses] = []
        for start in range(0, len(ids), MOST_RUNS_AT_ONCE):
            params = {"run_ids": ",".join(ids[start : start + MOST_RUNS_AT_ONCE]), "max_points": max_points}
            found += map(Losses.of, pages.every(self.transport, "/losses", params))
        return found

    def export_runs(self, target: str | Path, filter: str | None = None, format: str | None = None) -> Path:  # noqa: A002
        """Write the runs that a query finds over all sweeps to a file: CSV, Parquet or JSON Lines."""
        return downloads.export(self.transport, "/runs/export", Path(target), format, {"filter": filter})

    def datasets(self) -> list[dict[str, Any]]:
        """What can be trained on: your datasets and those that come with the service."""
        return list(pages.items(self.transport, "/datasets", {}, limit=None, page_size=200))

    def upload(self, data: DataLike, name: str | None = None, *, target: str | None = None) -> dict[str, Any]:
        """Store a dataset: a CSV or Parquet file, a data frame, or a mapping of columns to values.

        The same content under the same name is the same dataset.
        """
        content, media_type, known = as_csv(data, name)
        params = {"name": known, "target": target}
        headers = {"Content-Type": media_type}
        response = self.transport.request(
            "POST", "/datasets", params=params, content=content, headers=headers
        )
        answer: dict[str, Any] = response.json()
        return answer

    def dataset(self, dataset: str) -> dict[str, Any]:
        """A dataset by its id or name."""
        answer: dict[str, Any] = self.transport.json(f"/datasets/{dataset}")
        return answer

    def preview_dataset(self, dataset: str) -> dict[str, Any]:
        """The first rows of a dataset."""
        answer: dict[str, Any] = self.transport.json(f"/datasets/{dataset}/preview")
        return answer

    def delete_dataset(self, dataset: str) -> None:
        """Remove a dataset that no sweep uses."""
        self.transport.request("DELETE", f"/datasets/{dataset}")

    @property
    def keys(self) -> Keys:
        """The keys of those who share the service, for who may administer it."""
        return Keys(self.transport)

    def workers(self) -> list[dict[str, Any]]:
        """Who trains."""
        return list(self.transport.json("/workers")["items"])

    def trace(self, step: Mapping[str, Any]) -> dict[str, Any]:
        """One step of backpropagation written out: every value, derivative and update."""
        answer: dict[str, Any] = self.transport.post("/trace", dict(step))
        return answer

    def derivatives(self, graph: Mapping[str, Any]) -> dict[str, Any]:
        """A graph of variables: each path's product and their sum."""
        answer: dict[str, Any] = self.transport.post("/derivatives", dict(graph))
        return answer

    def ready(self) -> dict[str, Any]:
        """What the service says of its database, broker and workers.

        Raises: ServiceFailed if nothing can be stored.
        """
        answer: dict[str, Any] = self.transport.json("/readyz")
        return answer

    def close(self) -> None:
        """Close every connection."""
        self.transport.close()

    def __deepcopy__(self, _memo: object) -> Self:
        return self  # connections are shared, as scikit-learn's clone expects of what it cannot copy

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.transport.connection.url,)  # no secret goes into a pickle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client {self.transport.connection.url}>"
