"""One command runs everything on one machine: it starts, watches and stops broker, workers and API."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from service.lifecycle.workers import RESTARTS_VARIABLE, worker_name
from service.settings import Settings
from service.supervisor import broker as brokers
from service.supervisor import home as homes
from service.supervisor import interrupts
from service.supervisor.broker import Broker
from service.supervisor.home import CannotStart
from service.supervisor.processes import Child, stop
from service.supervisor.tables import migrate
from service.supervisor.watch import STOP_SECONDS, Watch
from service.supervisor.watchdog import Watchdog

READY_SECONDS = 60.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Programs:
    """The commands of the child processes; the API's is followed by its socket's file descriptor."""

    api: tuple[str, ...] = (sys.executable, "-m", "service.supervisor.web")
    worker: tuple[str, ...] = (sys.executable, "-m", "worker")


@dataclass(frozen=True, slots=True)
class Site:
    """A running Backsweep. `link` opens the dashboard, and carries the token."""

    url: str
    token: str = field(repr=False)
    broker: str
    workers: int

    @property
    def link(self) -> str:
        """The address that logs a browser in: the token is in the fragment, which is never sent or logged."""
        return f"{self.url}/#token={self.token}"


def serve(settings: Settings, *, say: Say = print, programs: Programs | None = None) -> None:
    """Run until Ctrl-C or SIGTERM.

    Raises:
        CannotStart: nothing was left running.
    """
    try:
        with started(settings, say=say, programs=programs) as site:
            try:
                say(f"Backsweep runs with {site.workers} workers and {site.broker}.")
                say(f"Open {site.link}")
                say("Ctrl-C stops it; runs continue at the next start.")
                interrupts.wait()
            except KeyboardInterrupt:
                say("Stopping: the workers write checkpoints and hand their runs back.")
                raise
    except KeyboardInterrupt:
        say("Stopped.")


@contextmanager
def started(settings: Settings, *, say: Say = print, programs: Programs | None = None) -> Iterator[Site]:
    """Everything running and ready inside the block, and nothing after it.

    SIGTERM and SIGHUP become KeyboardInterrupt inside the block, as SIGINT is: use it in the main thread.

    Raises:
        CannotStart: port in use, home folder in use, or a process that does not come up.
    """
    programs = programs or Programs()
    url = f"http://{_authority(settings.host, settings.port)}"
    with interrupts.interrupting(), interrupts.UninterruptedEnd() as stack:
        stack.callback(os.umask, os.umask(0o077))  # whatever is made here is nobody else's to read
        homes.prepare(settings.home)
        stack.enter_context(homes.locked(settings.home, url))
        listening = stack.enter_context(_bound(settings.host, settings.port))
        migrate(settings.database_url)
        token = settings.token or secrets.token_urlsafe(32)
        homes.write_token(settings.token_file, token)

        # From here on the order of the ends matters: what was begun first ends last.
        watch = Watch(say)
        stack.callback(watch.release)  # when all has ended that it may have started
        with _told("the broker"):
            broker = _broker(settings)
        stack.callback(broker.close)
        settings = replace(settings, broker_url=broker.url, token=token)
        api, *workers = children = _children(settings, programs, listening)
        stack.callback(stop, children, STOP_SECONDS)
        for child in children:
            with _told(child.name):
                child.start()
        stack.callback(watch.close)  # first of all: nothing is started again from there
        watch.begin(children if broker.child is None else [*children, broker.child], broker.tend)
        _wait_until_ready(settings, api)
        watchdog = _watchdog(settings, workers, watch)
        stack.callback(watchdog.close)
        watchdog.begin()
        yield Site(url, token, broker.description, settings.workers)


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CannotStart(f"BACKSWEEP_HOST {host!r} is no address of this machine: {error}") from None
    with socket.socket(family, kind, protocol) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
        except OSError as error:
            raise CannotStart(
                f"cannot listen on {_authority(host, port)}: {error.strerror}; "
                "stop what listens there or set BACKSWEEP_PORT"
            ) from None
        yield listening


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn what the system refuses (a folder, memory, one more process) into a sentence."""
    try:
        yield
    except OSError as error:
        raise CannotStart(
            f"{name} cannot be started: {error}; see that there is room, and nothing in the way"
        ) from None


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _broker(settings: Settings) -> Broker:
    if settings.broker_url is not None:
        return Broker(settings.broker_url, "the broker of BACKSWEEP_BROKER_URL")
    return brokers.start(settings.home)


def _children(settings: Settings, programs: Programs, listening: socket.socket) -> list[Child]:
    """Return the API, then the workers. A worker is not given the token."""
    logs = settings.home / "logs"
    # A folder called `core` or `worker` in the current directory is not ours to import.
    environment: Mapping[str, str] = {**os.environ, **settings.environment(), "PYTHONSAFEPATH": "1"}
    without_token = {name: value for name, value in environment.items() if name != "BACKSWEEP_TOKEN"}
    descriptor = listening.fileno()
    api = (*programs.api[:3], str(descriptor), *programs.api[3:])
    return [
        Child("api", api, environment=environment, log=logs / "api.log", inherit=[descriptor]),
        *(
            Child(
                f"worker-{number}",
                (*programs.worker, f"w{number}"),
                environment=without_token,
                log=logs / f"worker-{number}.log",
                counts=RESTARTS_VARIABLE,
            )
            for number in range(1, settings.workers + 1)
        ),
    ]


def _watchdog(settings: Settings, workers: list[Child], watch: Watch) -> Watchdog:
    return Watchdog(
        settings.database_url,
        settings.broker_url,
        {worker_name(f"w{number}"): child for number, child in enumerate(workers, 1)},
        watch.restart,
        patience=settings.watchdog_seconds,
    )


def _wait_until_ready(settings: Settings, api: Child) -> None:
    """Ask /readyz until it says yes.

    Raises:
        CannotStart: with the last answer, or the end of the API's log.
    """
    answer = "no answer"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        interrupts.check()
        if api.exit_code is not None:
            raise CannotStart(f"the API ended with code {api.exit_code}:\n{api.log_tail()}")
        status, answer = _ask(settings)
        if status == http.client.OK:
            return
        time.sleep(0.05)
    raise CannotStart(f"not ready after {READY_SECONDS:g} s: {answer} (logs: {settings.home / 'logs'})")


def _ask(settings: Settings) -> tuple[int | None, str]:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, response.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return None, str(error)
    finally:
        connection.close()
