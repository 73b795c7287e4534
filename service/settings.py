"""Everything that can be set from outside is a BACKSWEEP_* environment variable, read once into one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.machine import MEMORY_AT_REST, share_of_memory
from service.variables import VARIABLES, Variable

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class InvalidSetting(ValueError):
    """A variable has a value that Backsweep cannot use; a secret's value is not repeated."""

    def __init__(self, variable: str, value: str, allowed: str) -> None:
        self.variable = variable
        self.value = value
        self.allowed = allowed
        super().__init__(f"{variable} is {value!r}; allowed is {allowed}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one process was told from outside; `service.variables` says what each field means."""

    home: Path
    database_url: str = field(repr=False)
    broker_url: str | None = field(repr=False)
    host: str
    port: int
    workers: int
    token: str | None = field(repr=False)
    allowed_hosts: tuple[str, ...]
    public_url: str | None
    key_requests_per_minute: int
    key_queued_runs: int
    key_runs_per_sweep: int
    key_stored_bytes: int
    max_runs_per_sweep: int
    max_body_bytes: int
    max_dataset_bytes: int
    max_dataset_rows: int
    max_dataset_columns: int
    max_dataset_cells: int
    dataset_readers: int
    dataset_seconds: float
    dataset_memory: int
    lease_seconds: float
    record_seconds: float
    checkpoint_seconds: float
    watchdog_seconds: float
    worker_memory: int
    dataset_cache: int
    last_states: int
    retain_sweeps_days: float | None
    retain_losses_days: float | None
    retain_weights_days: float | None
    retain_weights: int | None
    log_format: str
    public_metrics: bool
    pin_numerics: bool
    compiled: bool

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read every setting; an empty variable counts as unset.

        Raises:
            InvalidSetting: with the variable, its value and what is allowed.
        """
        values: dict[str, Any] = {variable.field: _read(variable, environ) for variable in VARIABLES}
        if values["worker_memory"] is None:
            values["worker_memory"] = share_of_memory(values["workers"])
        if values["database_url"] is None:
            values["database_url"] = sqlite_url(values["home"] / "backsweep.db")
        settings = cls(**values)
        _check_together(settings)
        return settings

    @property
    def token_file(self) -> Path:
        """Where `backsweep up` leaves its token for programs on this machine."""
        return self.home / "token"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the service by TLS, which a proxy before it ends."""
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def memory_for_a_run(self) -> int:
        """What is left of a training process's memory for what it trains, in bytes."""
        return self.worker_memory - MEMORY_AT_REST

    def environment(self) -> dict[str, str]:
        """The variables from which another process reads equal settings."""
        values = {variable.name: getattr(self, variable.field) for variable in VARIABLES}
        return {name: _as_text(value) for name, value in values.items() if value not in (None, ())}


def sqlite_url(file: Path) -> str:
    """The URL of a SQLite file, whatever its path: what has a meaning in a URL has none in it."""
    return f"sqlite:///{quote(str(file))}"


def _read(variable: Variable, environ: Mapping[str, str]) -> object:
    given = environ.get(variable.name, "").strip()
    if not given and variable.unset is not None:
        return variable.unset()
    try:
        return variable.parse(given or variable.default)
    except (ValueError, KeyError):
        shown = "(not shown)" if variable.secret else given
        raise InvalidSetting(variable.name, shown, variable.allowed) from None


def _check_together(settings: Settings) -> None:
    if settings.record_seconds > settings.lease_seconds / 3:
        raise InvalidSetting(
            "BACKSWEEP_RECORD_SECONDS",
            f"{settings.record_seconds:g}",
            f"at most a third of BACKSWEEP_LEASE_SECONDS ({settings.lease_seconds:g})",
        )
    longest_silence = min(30.0, settings.lease_seconds)  # three rounds of a worker's upkeep
    if settings.watchdog_seconds < longest_silence:
        raise InvalidSetting(
            "BACKSWEEP_WATCHDOG_SECONDS",
            f"{settings.watchdog_seconds:g}",
            f"at least {longest_silence:g}: a worker in good order is seen three times in that time",
        )
    if settings.host not in LOOPBACK_HOSTS and settings.public_url is None:
        raise InvalidSetting(
            "BACKSWEEP_HOST",
            settings.host,
            f"{', '.join(LOOPBACK_HOSTS)}, or any once BACKSWEEP_PUBLIC_URL says where people find it, "
            "and by https or http whether tokens travel encrypted",
        )


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return ",".join(value) if isinstance(value, tuple) else str(value)
