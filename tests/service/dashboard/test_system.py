"""The page of the system says who trains what, and what waits, without a module."""

from __future__ import annotations

from sqlalchemy import select, update
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker
from service.store.clock import now
from service.store.schema import PopulationRow, Worker
from tests.service.api import building
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import read


def test_without_a_worker_the_page_says_how_to_start_one(client: TestClient) -> None:
    text = read(client, "/system").text
    assert "No worker is alive" in text
    assert "SQLite" in text
    assert "Nobody trains at the moment" in text


def test_who_trains_what_is_on_the_page_as_text(client: TestClient) -> None:
    context = client.app.state.context  # type: ignore[attr-defined]
    with context.database.write() as session:
        moment = session.scalars(select(now())).one()
        sweep = building.sweep(session, context.local_owner, name=HOSTILE, state="running", running_count=1)
        building.run(session, sweep, 1, state="running", epoch=3, started_at=moment)
        register_worker(session, name="w1", host=HOSTILE, process_id=7, environment={"numpy": HOSTILE})
        register_worker(session, name="lost", host="there", process_id=8, environment={}, restarts=2)
        population = session.query(PopulationRow).one()
        lease = {
            "state": "running",
            "lease_owner": "w1",
            "lease_expires_at": now() + 9_000,
            "started_at": moment,
        }
        session.execute(update(PopulationRow).values(lease))
        session.execute(update(Worker).where(Worker.name == "w1").values(population_id=population.id))
        session.execute(update(Worker).where(Worker.name == "lost").values(last_seen_at=now() - 60_000))
        address = f"/sweeps/{sweep.public_id}"
    page = read(client, "/system")
    assert page.text.count(" ".join(HOSTILE.split())) == 3  # the host, NumPy and the sweep
    assert "img" not in {tag for tag, _ in page.elements}
    assert address in page.links()
    assert "1 runs, 3 of 4 epochs" in page.text
    assert "1 training, 0 idle, 1 silent" in page.text
    assert "restarted 2×" in page.text
    assert "1 that is silent or stopped" in page.text
