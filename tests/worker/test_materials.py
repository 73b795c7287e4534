"""What a worker trains on is what was submitted: from its own disk or from the database."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable

import numpy as np
import pytest
from sqlalchemy import event, update

from service.lifecycle.materials import DatasetMaterials
from service.lifecycle.submit import Submitted
from service.store.schema import Dataset
from worker.context import Context

Submit = Callable[..., Submitted]


def restarted(context: Context, **settings: object) -> Context:
    """The same worker with nothing in memory."""
    told = dataclasses.replace(context.settings, **settings)  # type: ignore[arg-type]
    return Context(context.database, told, context.name, context.environment_class)


def test_a_content_is_read_from_the_database_once(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted().sweep_id
    statements: list[str] = []
    event.listen(
        worker_context.database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: statements.append(statement),
    )

    def read() -> int:
        columns = [re.split(r"[\s,]+", statement.split("FROM")[0]) for statement in statements]
        return sum("datasets.content" in each for each in columns)

    first = worker_context.materials(sweep)
    assert read() == 1
    statements.clear()
    again = restarted(worker_context).materials(sweep)
    assert statements
    assert read() == 0
    assert isinstance(first, DatasetMaterials)
    assert isinstance(again, DatasetMaterials)
    assert np.array_equal(first.examples.inputs, again.examples.inputs)


def test_a_stored_content_that_is_not_what_was_submitted_is_refused(
    worker_context: Context, submitted: Submit
) -> None:
    sweep = submitted().sweep_id
    worker_context.database.run(lambda session: session.execute(update(Dataset).values(content=b"other")))
    with pytest.raises(ValueError, match="content hash"):
        worker_context.materials(sweep)


def test_memory_holds_the_sweeps_seen_last(worker_context: Context, submitted: Submit) -> None:
    parameters = [{"learning_rate": rate, "hidden_layers": [2], "epochs": 1} for rate in (0.1, 0.2, 0.3)]
    sweeps = [submitted(name=json.dumps(each), parameters=each).sweep_id for each in parameters]
    one = worker_context.materials(sweeps[0])
    assert isinstance(one, DatasetMaterials)
    narrow = restarted(worker_context, worker_memory=round(one.size * 4 * 2.5))  # holds two
    held = [narrow.materials(sweep) for sweep in sweeps]
    assert narrow.materials(sweeps[2]) is held[2]
    assert narrow.materials(sweeps[1]) is held[1]
    assert narrow.materials(sweeps[0]) is not held[0]
