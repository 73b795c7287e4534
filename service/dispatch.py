"""A message says only that there is work; here are the names both of its ends share, and the sender."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from celery import Celery

RING = "backsweep.ring"  # the task's name: the service never imports the worker
QUEUE = "runs"
# The file system transport lists its whole folder at every read.
MOST_RINGS = {"filesystem": 50}
MOST_RINGS_ELSEWHERE = 1000
SEND_TIMEOUT = 0.6  # seconds for connecting and again for an answer: a submission must not wait for a broker
VISIBILITY_TIMEOUT = (
    6 * 3600
)  # seconds; the smallest of all programs on one broker rules, so all use this one

# Rings a number of workers; what it returns is nobody's concern, so that a list's append is a fake.
Send = Callable[[int], object]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Transport:
    """How Celery reaches a broker: the URL it understands, and options of the transport."""

    scheme: str
    url: str = field(repr=False)
    options: dict[str, Any]

    @property
    def is_filesystem(self) -> bool:
        """No server, therefore no remote control: a dead worker's inbox would collect files for ever."""
        return self.scheme == "filesystem"


def transport(broker_url: str) -> Transport:
    """Translate a broker's URL; makes the folders of `filesystem:///folder` (mode 0700) if need be."""
    parts = urlsplit(broker_url)
    if parts.scheme == "filesystem":
        options = _filesystem_options(Path(unquote(parts.path)))
        return Transport("filesystem", "filesystem://localhost", options)
    return Transport(
        parts.scheme,
        broker_url,
        {
            "visibility_timeout": VISIBILITY_TIMEOUT,
            "queue_order_strategy": "priority",
            "socket_keepalive": True,
        },
    )


class Doorbell:
    """The sending end. Threads may share one; connections are made at the first ring and kept."""

    def __init__(self, broker_url: str | None) -> None:
        self._transport = transport(broker_url) if broker_url else None
        self._app = _producer(self._transport) if self._transport else None

    def ring(self, count: int = 1, workers: int | None = None) -> bool:
        """Tell up to `count` idle workers that there is work; say whether all messages were sent.

        Of so many `workers`, where that is known, each needs one message at most: it trains until nothing is
        queued.

        Messages that nobody has taken yet are counted in: so many submissions while all workers train would
        otherwise fill the broker with doorbells, each of which a worker has to answer later for nothing.

        Never raises for a broker that is down and waits no longer than about a second: the work is in the
        database, and the periodic requeue rings again.
        """
        if self._app is None or self._transport is None:
            _log.warning("no broker is set: queued work waits until one is")
            return False
        most = MOST_RINGS.get(self._transport.scheme, MOST_RINGS_ELSEWHERE)
        most = most if workers is None else min(most, max(1, workers))
        try:
            with self._app.producer_pool.acquire(block=True, timeout=SEND_TIMEOUT) as producer:
                waiting = producer.channel.queue_declare(QUEUE).message_count
                for _ in range(min(count, most - waiting)):
                    self._app.send_task(RING, producer=producer, ignore_result=True, retry=False)
        except Exception as error:  # noqa: BLE001 - whatever a transport raises, the submission stands
            _log.warning("the broker took no message (%s): queued work waits for the next requeue", error)
            return False
        return True

    def waiting(self) -> int | None:
        """The number of messages that no worker has taken yet, or None if the broker cannot be asked."""
        if self._app is None:
            return None
        try:
            with self._app.pool.acquire(block=True, timeout=SEND_TIMEOUT) as connection:
                return int(connection.default_channel.queue_declare(QUEUE).message_count)
        except Exception as error:  # noqa: BLE001 - as above
            _log.warning("the broker does not answer (%s)", error)
            return None

    def close(self) -> None:
        """Close the connections."""
        if self._app is not None:
            self._app.close()


def _filesystem_options(folder: Path) -> dict[str, Any]:
    folders = {name: folder / name for name in ("messages", "taken", "control")}
    for path in (folder, *folders.values()):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folders["messages"]),
        "data_folder_out": str(folders["messages"]),
        "control_folder": str(folders["control"]),
        # Otherwise a message moves through the temporary folder: across file systems that is a copy and a
        # deletion, and two workers may both get it.
        "store_processed": True,
        "processed_folder": str(folders["taken"]),
        "polling_interval": 0.1,  # seconds
    }


def _producer(transport: Transport) -> Celery:
    app = Celery("backsweep", broker=transport.url, set_as_current=False)
    app.conf.update(
        task_default_queue=QUEUE,
        task_serializer="json",
        task_ignore_result=True,
        task_publish_retry=False,
        broker_connection_timeout=SEND_TIMEOUT,
        broker_transport_options=transport.options
        | {"socket_connect_timeout": SEND_TIMEOUT, "socket_timeout": SEND_TIMEOUT, "max_retries": 0},
    )
    return app
