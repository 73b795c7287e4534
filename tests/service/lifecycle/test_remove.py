"""What is deleted leaves nothing behind, touches nobody else's, and gives no key out again."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from service.errors import Conflict, NotFound
from service.lifecycle import remove
from service.lifecycle.owners import local_owner
from service.lifecycle.remove import REMOVED, purge, remove_sweep
from service.lifecycle.story import tell
from service.lifecycle.workers import register_worker, worker_turned_to
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import (
    Checkpoint,
    Event,
    LossRow,
    Owner,
    PopulationRow,
    Run,
    Sweep,
    Verification,
    Weights,
)
from tests.service.api import building

KEYED = (Sweep, PopulationRow, Run, Verification, Event)  # what somebody may still know a key of
TABLES = (Sweep, PopulationRow, Run, LossRow, Weights, Checkpoint, Verification, Event)


def sizes(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }


def full_sweep(database: Database, runs: int = 3, *, state: str = "completed") -> str:
    """A sweep with everything that can belong to one."""
    with database.write() as session:
        row = building.sweep(session, local_owner(session), state=state, idempotency_key=new_id("s"))
        for number in range(1, runs + 1):
            run = building.run(session, row, number)
            building.losses(session, run, [0.5, 0.4, 0.3])
            building.weights(session, run, b"w")
            building.weights(session, run, b"w", which="best")
            session.execute(
                insert(Checkpoint).values(
                    run_id=run.id,
                    epoch=1,
                    sha256="0" * 64,
                    content=b"c",
                    fencing_token=1,
                    created_at=now(),
                )
            )
            session.execute(
                insert(Verification).values(
                    public_id=new_id("v"),
                    run_id=run.id,
                    owner_id=run.owner_id,
                    state="queued",
                    created_at=now(),
                )
            )
        tell(session, row.id, "created")
        tell(session, row.id, "canceled")
        # Counts of this sweep are zero, so telling has called it completed.
        row.state = state
        return row.public_id


def removed(database: Database, sweep: str, *, seconds: float = 10.0) -> None:
    with database.write() as session:
        owner = local_owner(session)
    remove_sweep(database, owner, sweep, seconds=seconds)


def test_all_that_belongs_to_a_deleted_sweep_goes_and_nothing_else(database: Database) -> None:
    deleted = full_sweep(database)
    full_sweep(database, runs=2)
    removed(database, deleted)
    assert sizes(database) == {
        "sweeps": 1,
        "populations": 1,
        "runs": 2,
        "losses": 6,
        "weights": 4,
        "checkpoints": 2,
        "verifications": 2,
        "events": 2,
    }
    assert purge(database, seconds=1.0)


def test_it_goes_in_pieces_and_what_one_request_leaves_the_next_round_deletes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remove, "MOST_RUNS", 2)
    monkeypatch.setattr(remove, "MOST_ROWS", 4)
    monkeypatch.setattr(remove, "MOST_HIDDEN", 2)
    deleted = full_sweep(database, runs=5)
    full_sweep(database, runs=1)
    removed(database, deleted, seconds=0.0)
    left = sizes(database)
    assert 1 < left["runs"] < 6
    with database.read() as session:  # and none of them is anybody's
        owner = session.scalars(select(Owner.id).where(Owner.name == REMOVED)).one()
        assert len(session.scalars(select(Run.id).where(Run.owner_id != owner)).all()) == 1
    assert not purge(database, seconds=0.0)
    assert purge(database, seconds=10.0)
    assert sizes(database)["runs"] == 1


def test_a_piece_is_no_larger_for_many_sweeps_that_wait_to_be_deleted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remove, "MOST_RUNS", 1)
    deleted = [full_sweep(database) for _ in range(3)]
    full_sweep(database, runs=1)
    for pieces, sweep in enumerate(deleted, start=1):
        removed(database, sweep, seconds=0.0)
        assert sizes(database)["runs"] == 10 - pieces
    assert purge(database, seconds=10.0)
    assert sizes(database)["runs"] == 1


def test_a_key_is_never_given_out_again(database: Database) -> None:
    """A slow worker holds population, runs and token of a sweep that is gone: they must stay unknown."""
    newest = full_sweep(database)
    with database.read() as session:
        before = {table: session.scalar(select(func.max(table.id))) for table in KEYED}
    removed(database, newest)
    full_sweep(database)
    with database.read() as session:
        for table, key in before.items():
            assert key is not None
            fresh = session.scalars(
                select(table.id).where(table.id >= key).order_by(table.id.desc()).limit(1)
            ).one()
            assert fresh > key, table
    # Now that it is not the newest any more, the rest goes, too.
    assert purge(database, seconds=10.0)
    assert sizes(database)["sweeps"] == 1
    assert sizes(database)["runs"] == 3


def test_a_run_that_took_its_results_from_a_deleted_one_keeps_them(database: Database) -> None:
    deleted, kept = full_sweep(database), full_sweep(database)
    with database.write() as session:
        original = session.scalars(
            select(Run.id).join(Sweep, Sweep.id == Run.sweep_id).where(Sweep.public_id == deleted)
        ).first()
        reusing = session.scalars(
            select(Run).join(Sweep, Sweep.id == Run.sweep_id).where(Sweep.public_id == kept)
        ).first()
        assert reusing is not None
        reusing.reused_from_id = original
        reuser = reusing.id
    removed(database, deleted)
    with database.read() as session:
        row = session.get_one(Run, reuser)
        assert row.reused_from_id is None
        assert len(session.scalars(select(LossRow).where(LossRow.run_id == reuser)).all()) == 3


def test_a_worker_that_is_known_for_a_deleted_population_stays_known(database: Database) -> None:
    deleted = full_sweep(database)
    full_sweep(database)
    with database.write() as session:
        register_worker(session, name="w", host="h", process_id=1, environment={})
        worker_turned_to(session, "w", session.scalars(select(PopulationRow.id)).first())
    removed(database, deleted)
    assert sizes(database)["populations"] == 1


def test_a_sweep_that_is_not_final_is_not_deleted(database: Database) -> None:
    sweep = full_sweep(database, state="running")
    with pytest.raises(Conflict, match="running; cancel it"):
        removed(database, sweep)
    assert sizes(database)["runs"] == 3


def test_a_name_can_be_deleted_once(database: Database) -> None:
    sweep = full_sweep(database)
    removed(database, sweep)
    with pytest.raises(NotFound, match=sweep):
        removed(database, sweep)


def test_a_used_idempotency_key_is_free_again(database: Database) -> None:
    sweep = full_sweep(database)
    removed(database, sweep)
    with database.read() as session:
        assert session.scalars(select(Sweep.idempotency_key)).all() in ([], [None])
