from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core.environment import environment_class
from service.lifecycle.submit import Submitted
from service.lifecycle.workers import register_worker
from service.store.schema import Run
from worker.context import Context
from worker.execution import execute_next
from worker.memory import out_of_memory

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(sys.platform != "linux", reason="no other system enforces the limit")
# Takes more and more memory, and multiplies after it found none left.
GREEDY = """
import numpy as np
from worker.memory import limit_memory
limit_memory({limit})
held = []
try:
    while len(held) < 100:
        held.append(np.ones(2**22, np.float64))  # 32 MiB
except MemoryError:
    print(len(held))
small = np.ones((500, 500), np.float32)
print((small @ small)[0, 0])
"""
# Executes everything that is queued, within the limit.
WORKER = """
import os
from core.environment import environment_class
from service.settings import Settings
from service.store.database import Database
from worker.context import Context
from worker.execution import execute_next
from worker.memory import limit_memory
settings = Settings.from_environment(os.environ)
limit_memory(settings.worker_memory)
context = Context(Database(settings.database_url), settings, "small", os.environ["CLASS"])
while execute_next(context):
    print("executed", flush=True)
"""


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@linux
def test_what_exceeds_the_limit_is_a_memory_error_and_products_still_work() -> None:
    answer = python(GREEDY.format(limit=512 * 2**20))
    held, product = answer.stdout.split()
    assert 8 <= int(held) < 16  # of 32 MiB each: less than the limit, and more than half of it
    assert float(product) == 500
    assert answer.returncode == 0


@linux
def test_a_run_that_needs_more_fails_with_the_reason_and_the_worker_goes_on(
    worker_context: Context, submitted: Callable[..., Submitted]
) -> None:
    # Two layers of 6000 x 6000: four copies of 137 MiB at least.
    giant = {"epochs": 1, "hidden_layers": {"values": [[6000, 6000], [4]]}, "batch_size": 150}
    submitted(parameters=giant, seeds=1, baselines=False)
    database = worker_context.database
    digest = database.run(
        lambda session: register_worker(
            session, name="small", host="h", process_id=1, environment=environment_class()
        )
    )
    answer = python(
        WORKER,
        CLASS=digest,
        BACKSWEEP_HOME=str(worker_context.settings.home),
        BACKSWEEP_DATABASE_URL=worker_context.settings.database_url,
        BACKSWEEP_WORKER_MEMORY="512M",
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == ["executed"] * 2
    with database.read() as session:
        runs = session.execute(select(Run.state, Run.reason).order_by(Run.number)).all()
    assert [run.state for run in runs] == ["failed", "completed"]
    assert runs[0].reason.startswith("out of memory: the run needed more than the 512 MiB that BACKSWEEP_")
    assert "Traceback" not in runs[0].reason


def test_a_run_that_ran_out_of_memory_says_so(
    worker_context: Context, submitted: Callable[..., Submitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 9. GiB")

    monkeypatch.setattr("worker.network_training.train", train)
    submitted(baselines=False)
    assert execute_next(worker_context)
    with worker_context.database.read() as session:
        reasons = set(session.scalars(select(Run.reason).where(Run.state == "failed")))
    assert reasons == {
        out_of_memory(MemoryError("Unable to allocate 9. GiB"), worker_context.settings.worker_memory)
    }


def test_the_reason_names_the_limit_and_what_sets_it() -> None:
    assert out_of_memory(MemoryError(), 2**30) == (
        "out of memory: the run needed more than the 1,024 MiB that BACKSWEEP_WORKER_MEMORY allows a "
        "training process"
    )
