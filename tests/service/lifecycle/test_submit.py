from __future__ import annotations

import json

import pytest

from service.errors import InvalidSubmission
from service.lifecycle.plan_submission import plan_submission
from service.store.database import Database
from tests.service.api import building


def test_a_network_that_no_worker_has_the_memory_for_is_refused_with_what_sets_the_limit(
    database: Database,
) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
    # 4 inputs, 1000 units, 3 classes in float32: 32 kB of parameters, several times over.
    submission = {"name": "x", "dataset": "iris", "parameters": {"hidden_layers": {"values": [[2], [1000]]}}}
    body = json.dumps(submission).encode()
    plan_submission(database, owner_id=owner, body=body, max_runs=100, most_memory=2**30)
    with pytest.raises(InvalidSubmission) as refusal:
        plan_submission(database, owner_id=owner, body=body, max_runs=100, most_memory=48_000)
    (fault,) = refusal.value.faults
    assert (fault.path, fault.value) == ("parameters", [1000])
    assert "BACKSWEEP_WORKER_MEMORY" in str(fault.allowed)


def test_a_dataset_that_no_worker_has_the_memory_for_is_refused_however_small_the_network(
    database: Database,
) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
    # 1,797 images of 64 pixels and a label are 0.9 MB as numbers; loading them takes four times as much.
    body = json.dumps({"name": "x", "dataset": "digits", "parameters": {"hidden_layers": [2]}}).encode()
    plan_submission(database, owner_id=owner, body=body, max_runs=100, most_memory=4_000_000)
    with pytest.raises(InvalidSubmission) as refusal:
        plan_submission(database, owner_id=owner, body=body, max_runs=100, most_memory=3_000_000)
    (fault,) = refusal.value.faults
    assert (fault.path, fault.value) == ("dataset", "digits")
    assert "BACKSWEEP_WORKER_MEMORY" in str(fault.allowed)
