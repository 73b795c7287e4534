"""Each BACKSWEEP_* variable: its default, what it means, what it allows and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from service import parsers
from service.machine import LEAST_WORKER_MEMORY, usable_cores
from service.parsers import Parser

MOST_INTEGER = 2**53 - 1
_HOST = re.compile(r"[A-Za-z0-9.:_-]+")
_TOKEN = re.compile(r"[A-Za-z0-9_.~-]{22,256}")


@dataclass(frozen=True, slots=True)
class Variable:
    """How one field is read. `unset` gives the value of a default that is no text to be parsed."""

    field: str
    default: str
    text: str
    allowed: str
    parse: Parser
    unset: Callable[[], object] | None = None
    secret: bool = False

    @property
    def name(self) -> str:
        """The environment variable."""
        return f"BACKSWEEP_{self.field.upper()}"


def _nothing() -> None:
    return None


VARIABLES = (
    Variable(
        "home",
        "~/.backsweep",
        "The folder of everything local: database file, token, broker, logs. Made with mode 0700.",
        "an absolute path",
        parsers.folder,
    ),
    Variable(
        "database_url",
        "backsweep.db in the home folder",
        "The store: a SQLite file serves one machine, PostgreSQL several.",
        "sqlite:////absolute/file.db or postgresql://user:password@host:port/database",
        parsers.database_url,
        unset=_nothing,
        secret=True,
    ),
    Variable(
        "broker_url",
        "a private Valkey, started by `backsweep up`",
        "Where the workers' doorbells go. They carry no data: losing one loses no run.",
        "redis://, rediss://, redis+socket:///path or filesystem:///folder",
        parsers.broker_url,
        unset=_nothing,
        secret=True,
    ),
    Variable(
        "host",
        "127.0.0.1",
        "The address to listen on. Any but loopback's needs BACKSWEEP_PUBLIC_URL.",
        "an IP address or a host name",
        parsers.matching(_HOST),
    ),
    Variable("port", "8765", "The TCP port to listen on.", *parsers.integer(1, 65535)),
    Variable(
        "workers",
        "the cores this process may use",
        "Worker processes that `backsweep up` starts; each trains on one core. 0 starts the API alone.",
        *parsers.integer(0, 1024),
        unset=usable_cores,
    ),
    Variable(
        "token",
        "a new random one at each `backsweep up`",
        "The secret that grants everything: in the printed link, and in the file `token` of the home folder.",
        "22 to 256 letters, digits or any of - _ . ~ (at random: 128 bits or more)",
        parsers.matching(_TOKEN),
        unset=_nothing,
        secret=True,
    ),
    Variable(
        "allowed_hosts",
        "none",
        "Host headers to answer beside loopback's and BACKSWEEP_PUBLIC_URL's, as a browser sends them, "
        "separated by commas.",
        "names or addresses, each with its port if the address bar shows one: lab.example.org,10.0.0.5:8765",
        parsers.host_headers,
        unset=tuple,
    ),
    Variable(
        "public_url",
        "none",
        "Where people find the service if it listens on more than loopback: https behind a proxy that ends "
        "TLS, or http on a network that is trusted with tokens in clear. With https cookies are Secure.",
        "https://lab.example.org or http://10.0.0.5:8765: scheme, host and perhaps port, no path",
        parsers.origin,
        unset=_nothing,
    ),
    Variable(
        "key_requests_per_minute",
        "1200",
        "Requests that an API key may make in a minute, unless it was given a limit of its own.",
        *parsers.integer(1, MOST_INTEGER),
    ),
    Variable(
        "key_queued_runs",
        "100000",
        "Runs that may wait for the owner of a key, unless it was given a limit of its own.",
        *parsers.integer(0, MOST_INTEGER),
    ),
    Variable(
        "key_runs_per_sweep",
        "10000",
        "Runs (grid cells times seeds) that a key may submit in one sweep, unless it has a limit of its own.",
        *parsers.integer(1, MOST_INTEGER),
    ),
    Variable(
        "key_stored_bytes",
        "4G",
        "Datasets, losses and weights of the owner of a key, unless it was given a limit of its own.",
        *parsers.size(0, MOST_INTEGER),
    ),
    Variable(
        "max_runs_per_sweep",
        "100000",
        "A sweep of more runs is refused before it is expanded.",
        *parsers.integer(1, 10_000_000),
    ),
    Variable(
        "max_body_bytes",
        "1048576",
        "Bytes of a submission's body that are read at most.",
        *parsers.integer(1024, MOST_INTEGER),
    ),
    Variable(
        "max_dataset_bytes",
        "128M",
        "Bytes of an uploaded table that are read at most.",
        *parsers.size(2**20, MOST_INTEGER),
    ),
    Variable("max_dataset_rows", "1000000", "Rows of an uploaded table.", *parsers.integer(1, 2**31 - 1)),
    Variable("max_dataset_columns", "10000", "Columns of an uploaded table.", *parsers.integer(1, 100_000)),
    Variable(
        "max_dataset_cells",
        "20000000",
        "Rows times columns of an uploaded table.",
        *parsers.integer(1, 100_000_000),
    ),
    Variable(
        "dataset_readers",
        "2",
        "Uploaded tables that one API process reads at once, each in a process of its own; sixteen times as "
        "many uploads may come in or wait, the next is told to try again.",
        *parsers.integer(1, 64),
    ),
    Variable(
        "dataset_seconds",
        "120",
        "How long reading an uploaded table may take.",
        *parsers.seconds(1, 3600),
    ),
    Variable(
        "dataset_memory",
        "2G",
        "The memory that reading an uploaded table may use (enforced on Linux).",
        *parsers.size(2**28, MOST_INTEGER),
    ),
    Variable(
        "lease_seconds",
        "30",
        "How long a silent worker keeps its population; every record renews it.",
        *parsers.seconds(0.5, 3600),
    ),
    Variable(
        "record_seconds",
        "1",
        "How often a worker writes losses and renews its lease: at most a third of the lease.",
        *parsers.seconds(0.05, 60),
    ),
    Variable(
        "checkpoint_seconds",
        "10",
        "How often a worker writes a checkpoint: the most training that a kill can cost.",
        *parsers.seconds(0.05, 3600),
    ),
    Variable(
        "watchdog_seconds",
        "60",
        "How long a worker may show no sign of life, or take no work while some waits, before `backsweep up` "
        "restarts it; one that trains is left alone.",
        *parsers.seconds(0.5, 86_400),
    ),
    Variable(
        "worker_memory",
        "four fifths of the machine's memory, divided by BACKSWEEP_WORKERS",
        "The memory that a training process may use (enforced on Linux). A run that needs more ends as "
        "failed, and a network that must need more is refused at submit.",
        *parsers.size(LEAST_WORKER_MEMORY, MOST_INTEGER),
        unset=_nothing,
    ),
    Variable(
        "dataset_cache",
        "1G",
        "How much of the datasets that workers have trained on is kept in the home folder, so that it is not "
        "read from the database again; the least recently used go first. 0 keeps none.",
        *parsers.size(0, MOST_INTEGER),
    ),
    Variable(
        "last_states",
        "1G",
        "How much of the last states of finished runs (optimizer, early stopping, best weights) the database "
        "keeps, so that `:extend` can train them on; the oldest go first. A run whose state is gone begins "
        "again, to the same bits. Plain sgd goes on from its final weights, and needs none of it.",
        *parsers.size(0, MOST_INTEGER),
    ),
    Variable(
        "retain_sweeps_days",
        "for ever",
        "How long a sweep is kept after its end; then it is deleted with all that belongs to it.",
        *parsers.days(0.01, 36_500),
        unset=_nothing,
    ),
    Variable(
        "retain_losses_days",
        "for ever",
        "How long losses and layers of each epoch are kept after a sweep's end; runs and their metrics stay.",
        *parsers.days(0.01, 36_500),
        unset=_nothing,
    ),
    Variable(
        "retain_weights_days",
        "for ever",
        "How long weights are kept after a sweep's end; their hash stays.",
        *parsers.days(0.01, 36_500),
        unset=_nothing,
    ),
    Variable(
        "retain_weights",
        "any size",
        "How much of the weights is kept; beyond that those of the sweeps go that ended first.",
        *parsers.size(0, MOST_INTEGER),
        unset=_nothing,
    ),
    Variable(
        "log_format",
        "text",
        "How every process logs: lines for people, or JSON Lines with request, sweep and population ids.",
        *parsers.choice("text", "json"),
    ),
    Variable(
        "public_metrics",
        "0",
        "1 answers `/metrics` to everybody, else to who has the scope admin: it has counts over all owners, "
        "speeds and the names of workers, and nothing of a single sweep.",
        "1, true, yes or 0, false, no",
        parsers.flag,
    ),
    Variable(
        "pin_numerics",
        "0",
        "1 pins workers to the kernels of x86-64-v3 (OpenBLAS's Haswell kernel, no AVX-512 in NumPy): "
        "a fleet of unlike machines then computes the same bits. 0 lets each machine use its fastest.",
        "1, true, yes or 0, false, no",
        parsers.flag,
    ),
    Variable(
        "compiled",
        "1",
        "1 trains by compiled steps where a C compiler was found at install, on processors with AVX2, "
        "AVX-512 or NEON; elsewhere, and with 0, NumPy takes them. The two have bits of their own: a fleet "
        "in which some machines have no compiler becomes one environment class by 0.",
        "1, true, yes or 0, false, no",
        parsers.flag,
    ),
)


def documentation() -> tuple[tuple[str, str, str], ...]:
    """Each variable with its default and its text, in the order of the fields."""
    return tuple((each.name, each.default, f"{each.text} Allowed: {each.allowed}.") for each in VARIABLES)
