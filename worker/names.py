"""A name belongs to one worker at a time: by it leases are held, and freed when a training process dies."""

from __future__ import annotations

import logging
import os
import socket

from sqlalchemy.exc import SQLAlchemyError

from service.lifecycle.workers import ALIVE_SECONDS
from service.settings import Settings
from service.store.database import Database
from service.store.worker_queries import WorkerView, named_workers

_log = logging.getLogger(__name__)


class NameInUse(Exception):
    """Another worker of this machine has the name, and lives."""


def require_free(settings: Settings, name: str) -> None:
    """Refuse a name under which another process of this machine works for the same database.

    Raises:
        NameInUse: it would free that one's leases, and be taken for it.
    """
    database = Database(settings.database_url)
    try:
        with database.read() as session:
            view = named_workers(session, [name]).get(name)
    except SQLAlchemyError as error:  # it may come back, or be migrated, later
        _log.warning("the database cannot be asked whether %s is free: %s", name, error)
        return
    finally:
        database.dispose()
    if view is not None and _lives_here(view):
        raise NameInUse(
            f"the name {name} is that of process {view.worker.process_id} of this machine, which works for "
            "the same database; start this one under another name: backsweep worker NAME"
        )


def _lives_here(view: WorkerView) -> bool:
    worker = view.worker
    if worker.stopped_at is not None or worker.host != socket.gethostname():
        return False
    if view.read_at - worker.last_seen_at > ALIVE_SECONDS * 1000:  # its number may be another program's now
        return False
    return worker.process_id != os.getpid() and _runs(worker.process_id)


def _runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        pass
    return True
