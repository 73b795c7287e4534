from __future__ import annotations

from sqlalchemy import update

from service.store.clock import now
from service.store.database import Database
from service.store.schema import Worker
from service.store.worker_queries import list_workers
from tests.service.api import building


def test_workers_are_listed_with_the_last_seen_first(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        for age, name in enumerate(["newest", "older", "oldest"]):
            session.add(
                Worker(
                    name=name,
                    host="h",
                    process_id=1,
                    started_at=0,
                    turned_at=0,
                    last_seen_at=now() - age * 1000,
                )
            )
        session.flush()
        session.execute(update(Worker).values(stopped_at=None))
    with database.read() as session:
        views = list_workers(session, mine, limit=2)
    assert [view.worker.name for view in views] == ["newest", "older"]
    assert all(view.read_at >= view.worker.last_seen_at for view in views)
