"""The whole application over a fresh database, asked as a signed-in browser asks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.app import create_app
from service.settings import Settings
from service.store.database import Database
from service.store.schema import Sweep
from tests.service.api import building

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor, which nothing else here needs
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-tests-0123456789"
ADDRESS = "http://127.0.0.1:8765"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' {{ 7 * 7 }} &amp;"


@pytest.fixture
def client(sqlite_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """A browser with the token; it follows no redirection by itself."""
    settings = Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(tmp_path),
            "BACKSWEEP_DATABASE_URL": sqlite_url,
            "BACKSWEEP_TOKEN": TOKEN,
        }
    )
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/html"}
    app = create_app(settings, ring=lambda _: None)
    with TestClient(app, base_url=ADDRESS, follow_redirects=False, headers=headers) as client:
        yield client


@pytest.fixture
def sweep(client: TestClient) -> Sweep:
    """A completed sweep with a hostile name: run 1 diverged, run 2 completed and has losses."""
    context = client.app.state.context  # type: ignore[attr-defined]
    database: Database = context.database
    with database.write() as session:
        sweep = building.sweep(
            session,
            context.local_owner,
            name=HOSTILE,
            notes=HOSTILE,
            warnings=[HOSTILE],
            submitted=HOSTILE,
            state="completed",
            run_count=2,
            all_count=2,
            completed_count=1,
            diverged_count=1,
        )
        broken = {"last": "NaN", "min": 1.0, "max": "Infinity"}
        building.run(
            session, sweep, 1, state="diverged", reason=HOSTILE, epoch=2, metrics={"validation_loss": broken}
        )
        good = {"validation_loss": {"last": 0.08127, "best": 0.08, "min": 0.08, "max": 2.3}}
        run = building.run(
            session,
            sweep,
            2,
            state="completed",
            epoch=2,
            metrics=good,
            validation_loss=0.08127,
            weights_sha256="a" * 64,
        )
        building.losses(session, run, [0.9, 0.08127])
    return sweep


@pytest.fixture
def function_sweep(client: TestClient) -> Sweep:
    """A completed sweep over a function of a hostile text: run 1 converged, 2 did not, and 3 diverged."""
    context = client.app.state.context  # type: ignore[attr-defined]
    database: Database = context.database
    start = {"x": -1.9, "y": 0.25}
    with database.write() as session:
        sweep = building.sweep(
            session,
            context.local_owner,
            name="a function",
            state="completed",
            task="function",
            metric="train_loss",
            function={"expression": HOSTILE, "start": start, "tolerance": 1e-6},
            seeds=[0],
            split_counts={"train": 0, "validation": 0, "test": 0, "resample": False},
            constant={},
            run_count=3,
            all_count=3,
            completed_count=2,
            diverged_count=1,
        )
        ends = [
            ("completed", "converged", 0.125),
            ("completed", "unconverged", -7.5),
            ("diverged", "diverged", None),
        ]
        for number, (state, standing, value) in enumerate(ends, start=1):
            arrival = {
                "converged": standing == "converged",
                "standing": standing,
                "value": value,
                "derivative": None if value is None else 0.5,
                "turns": number,
                "variables": {"x": 0.0625 * number, "y": 4.0},
            }
            kinds = {"last": value, "best": value, "min": value, "max": value}
            run = building.run(
                session,
                sweep,
                number,
                learning_rate=0.1 * number,
                state=state,
                seed=0,
                epoch=2,
                metrics={"train_loss": kinds if value is not None else {"last": "NaN"}, "arrival": arrival},
                reason=f"reason {number}",
                weights_sha256="a" * 64,
            )
            building.losses(session, run, [None, None])
    return sweep
