"""What a process measures of itself, told to Prometheus beside the load of the whole service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from service.lifecycle.workers import WorkerState
from service.store.load_queries import Load

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds


class Measures:
    """A process's own counts. They begin anew with the process, as Prometheus expects of it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = Histogram(
            "backsweep_http_request_seconds",
            "Requests of this process by method, route and status; event streams are left out.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def text(
        self, accept: str, streams: int, load: Load | None, workers: Mapping[WorkerState, int] | None
    ) -> tuple[bytes, str]:
        """The exposition in the format that `accept` prefers, and its media type; no load: no database."""
        encode, media_type = choose_encoder(accept)
        return encode(_Together(self.registry.collect, _families(streams, load, workers))), media_type


class _Together:
    """Collects like a registry; what was read from the database is not kept in one."""

    def __init__(self, *sources: object) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        for source in self._sources:
            yield from source() if callable(source) else source  # type: ignore[misc]


def _families(streams: int, load: Load | None, workers: Mapping[WorkerState, int] | None) -> Iterable[Metric]:
    yield _gauge("backsweep_event_streams", "Clients that watch a sweep through this process.", streams)
    yield _gauge("backsweep_database_up", "Whether the database answered this scrape.", load is not None)
    if load is None:
        return
    yield _gauges("backsweep_runs", "Runs by state.", "state", load.runs)
    yield _gauges("backsweep_sweeps", "Sweeps by state.", "state", load.sweeps)
    yield _gauges(
        "backsweep_populations", "Populations by state, the queue among them.", "state", load.populations
    )
    yield _gauge(
        "backsweep_oldest_queued_seconds",
        "How long the population has waited that waits longest; 0 if none does.",
        load.oldest_queued_seconds,
    )
    yield _gauge(
        "backsweep_run_epochs_per_second",
        "Epochs of single runs that were recorded per second, over the last half minute.",
        load.epochs_per_second,
    )
    yield _gauges(
        "backsweep_workers",
        "Workers by state; the silent ones were neither seen for half a minute nor said goodbye.",
        "state",
        {state.value: (workers or {}).get(state, 0) for state in WorkerState},
    )
    yield _counters(
        "backsweep_leases_lost",
        "Leases that expired, or whose training process died: their populations are queued again.",
        load.leases_lost,
    )
    yield _counters(
        "backsweep_populations_handed_back",
        "Populations that a worker handed back in good order, at a stop or a pause.",
        load.handed_back,
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _gauges(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _counters(name: str, text: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, text, labels=["worker"])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
