"""The Celery application of workers; making it opens no connection and reads no database."""

from __future__ import annotations

import os

from celery import Celery

from service.dispatch import QUEUE, transport
from service.settings import InvalidSetting, Settings
from worker.roll_call import RollCall

TASKS = "worker.tasks"


def create_app(settings: Settings, tasks: str = TASKS) -> Celery:
    """Return an application for the settings' broker that has the tasks of one module.

    Raises:
        InvalidSetting: no broker is set. Only `backsweep up` starts one of its own.
    """
    if settings.broker_url is None:
        raise InvalidSetting("BACKSWEEP_BROKER_URL", "", "a broker's URL: only `backsweep up` starts its own")
    broker = transport(settings.broker_url)
    app = Celery("backsweep", broker=broker.url, include=[tasks], set_as_current=False)
    app.steps["worker"].add(RollCall)
    app.conf.update(
        # JSON alone: whoever can write to the broker must not become able to run code.
        accept_content=["json"],
        task_serializer="json",
        # The database has the truth; there is no result backend.
        task_ignore_result=True,
        # A child that dies gives its doorbell back at once; what cuts loops is the count of lost leases.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        # One training process per worker. Why it is spawned, not forked: see worker/__main__.py.
        worker_pool="prefork",
        worker_concurrency=1,
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=30,  # seconds; a spawned child imports NumPy before it is ready
        worker_max_tasks_per_child=200,
        task_time_limit=None,  # a task lasts as long as there is work; runs have limits of their own
        worker_soft_shutdown_timeout=10,  # seconds, at SIGQUIT; SIGTERM waits for the checkpoint
        # A broker that blinks must not kill training. (The default becomes True in Celery 6.)
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_publish_retry=False,
        worker_send_task_events=False,
        worker_enable_remote_control=not broker.is_filesystem,
        worker_redirect_stdouts=False,
        # The default direct exchange alone: with no binding table there is none to lose.
        task_default_queue=QUEUE,
        broker_transport_options=broker.options if broker.is_filesystem else broker.options | _CONSUMING,
    )
    return app


# Without a socket timeout a worker on a half-open connection hung for good; with these it was back in 16 s.
_CONSUMING = {
    "socket_timeout": 5,
    "socket_connect_timeout": 3,
    "health_check_interval": 10,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}


def __getattr__(name: str) -> Celery:
    """Make `app` for `celery -A worker.app` when it is asked for, so that importing reads no environment."""
    if name == "app":
        return create_app(Settings.from_environment(os.environ))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
