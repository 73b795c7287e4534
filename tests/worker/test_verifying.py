"""A worker trains a run again alone, and finds the bits that are stored, or says what differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from sqlalchemy import select, update

from service.lifecycle.owners import local_owner
from service.lifecycle.requeue import queued_populations
from service.lifecycle.submit import Submitted
from service.lifecycle.verification_lease import requeue_lost_verifications
from service.lifecycle.verify import verify_run
from service.store.schema import LossRow, Run, Verification, Weights
from tests.worker.extending import extend
from worker import verifying
from worker.context import Context
from worker.execution import execute_next
from worker.turns import work
from worker.verifying import verify_next

Submit = Callable[..., Submitted]


def runs(context: Context) -> list[Run]:
    with context.database.read() as session:
        return list(session.scalars(select(Run).order_by(Run.number)))


def trained(context: Context, submitted: Submit, **changes: Any) -> Run:
    """The first run of a small sweep, at its end."""
    submitted(baselines=False, **{"seeds": 1, **changes})
    work(context)
    return runs(context)[0]


def verified(context: Context, run: Run) -> Verification:
    ask(context, run)
    while verify_next(context):
        pass
    return latest(context)


def ask(context: Context, run: Run) -> None:
    context.database.run(lambda session: verify_run(session, local_owner(session), run.public_id))


def comes_out_again(context: Context, run: Run) -> Mapping[str, Any]:
    """Verify a run of which nothing may differ; the comparison."""
    found = verified(context, run)
    assert (found.state, found.matches, found.reason) == ("matches", True, None)
    assert found.weights_sha256 == run.weights_sha256
    assert found.environment_class == context.environment_class
    assert found.comparison is not None
    losses = found.comparison["losses"]
    assert losses["compared"] == losses["stored"] > 0
    assert losses["first_difference"] is None
    return found.comparison


def latest(context: Context) -> Verification:
    with context.database.read() as session:
        return session.scalars(select(Verification).order_by(Verification.id.desc())).all()[0]


def test_a_run_that_was_trained_beside_others_comes_out_again_alone(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(
        baselines=False,
        keep_weights="both",
        parameters={"learning_rate": {"values": [0.01, 0.5]}, "epochs": 6},
    )
    work(worker_context)
    for run in runs(worker_context)[1:3]:
        comparison = comes_out_again(worker_context, run)
        assert comparison["losses"]["stored"] == 6
        assert comparison["weights"]["differing"] == 0
        assert comparison["weights"]["numbers"] > 100
        assert len(set(comparison["best_weights_sha256"])) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the bits are the core's
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam", "dropout": 0.2, "batch_size": 16},
        {"patience": 2, "restore_best": True, "epochs": 60, "learning_rate": 0.5},
        {"learning_rate": 1e6, "loss": "mse", "epochs": 5},
    ],
    ids=["adam with dropout", "stopped early", "diverged"],
)
def test_runs_of_many_kinds_come_out_again(
    worker_context: Context, submitted: Submit, settings: dict[str, Any]
) -> None:
    parameters = {"hidden_layers": {"value": [8]}, "epochs": 4, **settings}
    submitted(baselines=False, seeds=2, parameters=parameters)
    work(worker_context)
    comes_out_again(worker_context, runs(worker_context)[1])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_over_a_function_of_which_not_every_epoch_is_recorded_comes_out_again(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(
        dataset=None,
        seeds=1,
        function={"expression": "x**3 + 3*x**2", "start": {"x": -1.9}},
        parameters={"learning_rate": {"values": [0.45, 0.6]}, "epochs": 1200},
    )
    work(worker_context)
    for run in runs(worker_context):
        assert comes_out_again(worker_context, run)["losses"]["stored"] < 1200


def test_a_run_whose_weights_are_not_kept_is_compared_by_its_hash(
    worker_context: Context, submitted: Submit
) -> None:
    run = trained(worker_context, submitted, keep_weights="none")
    assert comes_out_again(worker_context, run)["weights"] is None


def test_weights_that_were_changed_are_found_with_their_distance(
    worker_context: Context, submitted: Submit
) -> None:
    run = trained(worker_context, submitted)
    with worker_context.database.write() as session:
        weights = session.scalars(select(Weights).where(Weights.run_id == run.id)).one()
        tensors = load(weights.content)
        bias = tensors["layers.1.bias"]
        bias[0] = np.nextafter(bias[0], np.float32(np.inf))
        weights.content = save(tensors)
        session.execute(update(Run).where(Run.id == run.id).values(weights_sha256="0" * 64))
    found = verified(worker_context, run)
    assert (found.state, found.matches, found.reason) == ("differs", False, "the weights have another hash")
    assert found.comparison is not None
    assert found.comparison["weights"]["differing"] == 1
    assert found.comparison["weights"]["largest_ulp"] == 1


def test_a_loss_that_was_changed_is_found_with_its_epoch(worker_context: Context, submitted: Submit) -> None:
    run = trained(worker_context, submitted)
    with worker_context.database.write() as session:
        session.execute(
            update(LossRow).where(LossRow.run_id == run.id, LossRow.epoch == 3).values(validation_loss=0.125)
        )
    found = verified(worker_context, run)
    assert found.state == "differs"
    assert found.comparison is not None
    difference = found.comparison["losses"]["first_difference"]
    assert (difference["epoch"], difference["column"], difference["stored"]) == (3, "validation_loss", 0.125)
    assert str(found.reason).startswith("the validation loss of epoch 3 was 0.125, then ")


def test_a_difference_in_another_environment_class_is_said_to_be_one(
    worker_context: Context, submitted: Submit
) -> None:
    run = trained(worker_context, submitted)
    with worker_context.database.write() as session:
        session.execute(
            update(Run).where(Run.id == run.id).values(weights_sha256="0" * 64, environment_class="9" * 64)
        )
    found = verified(worker_context, run)
    assert found.state == "differs"
    assert str(found.reason).startswith("another environment class; the weights have another hash")


def test_a_run_that_becomes_another_meanwhile_is_not_judged(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(worker_context, submitted)
    ask(worker_context, run)
    original = verifying._verdict

    def extended(*arguments: Any) -> Any:
        verdict = original(*arguments)
        with worker_context.database.write() as session:
            session.execute(update(Run).where(Run.id == run.id).values(state="queued", weights_sha256=None))
        return verdict

    monkeypatch.setattr(verifying, "_verdict", extended)
    verify_next(worker_context)
    found = latest(worker_context)
    assert found.state == "failed"
    assert "became queued" in str(found.reason)
    ask_again = "is queued by now"
    with worker_context.database.write() as session:
        session.execute(update(Verification).values(state="queued", finished_at=None))
    verify_next(worker_context)
    assert ask_again in str(latest(worker_context).reason)


def test_an_error_ends_the_verification_with_its_text(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(worker_context, submitted)

    def fail(*_arguments: object) -> None:
        raise ValueError("the content has another hash")

    monkeypatch.setattr(verifying, "training_of", fail)
    found = verified(worker_context, run)
    assert (found.state, found.reason) == ("failed", "ValueError: the content has another hash")
    assert found.matches is None


def test_a_stop_in_the_middle_gives_the_verification_back(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(worker_context, trained(worker_context, submitted, parameters={"epochs": 30}))
    original = verifying._Again.on_epoch

    def on_epoch(self: Any, report: Any) -> None:
        original(self, report)
        if report.epoch == 5:
            worker_context.stopping.set()

    with monkeypatch.context() as patch:
        patch.setattr(verifying._Again, "on_epoch", on_epoch)
        verify_next(worker_context)
    found = latest(worker_context)
    assert (found.state, found.leases_lost, found.lease_owner) == ("queued", 0, None)
    worker_context.stopping.clear()
    assert verify_next(worker_context)
    assert latest(worker_context).state == "matches"


def test_a_worker_that_lost_its_lease_drops_its_work(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(worker_context, trained(worker_context, submitted))
    original = verifying._verdict

    def late(*arguments: Any) -> Any:
        verdict = original(*arguments)
        worker_context.database.run(lambda session: requeue_lost_verifications(session, "w1", "killed"))
        return verdict

    with monkeypatch.context() as patch:
        patch.setattr(verifying, "_verdict", late)
        assert verify_next(worker_context)
    assert (latest(worker_context).state, latest(worker_context).leases_lost) == ("queued", 1)
    assert verify_next(worker_context)
    assert latest(worker_context).state == "matches"


def test_populations_and_verifications_take_turns(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = trained(worker_context, submitted)
    for _ in range(3):
        ask(worker_context, first)
    for seed in range(3):
        submitted(baselines=False, seeds=[100 + seed], parameters={"epochs": 1})
    order: list[str] = []

    def noting(word: str, unit: Callable[[Context], bool]) -> Callable[[Context], bool]:
        def run(context: Context) -> bool:
            found = unit(context)
            if found:
                order.append(word)
            return found

        return run

    monkeypatch.setattr("worker.turns.execute_next", noting("population", execute_next))
    monkeypatch.setattr("worker.turns.verify_next", noting("verification", verify_next))
    work(worker_context)
    assert order == ["population", "verification"] * 3
    assert worker_context.database.run(queued_populations) == 0


def test_nothing_to_verify_is_no_work(worker_context: Context) -> None:
    assert not verify_next(worker_context)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_that_was_given_more_epochs_comes_out_as_one_of_that_many(
    worker_context: Context, submitted: Submit
) -> None:
    sweep = submitted(baselines=False, seeds=1, parameters={"epochs": 3, "optimizer": "adam"})
    work(worker_context)
    extend(worker_context, sweep.public_id, epochs=7)
    work(worker_context)
    (run,) = runs(worker_context)
    assert run.epoch == 7
    assert comes_out_again(worker_context, run)["losses"]["stored"] == 7


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_range_test_comes_out_again(worker_context: Context, submitted: Submit) -> None:
    submitted(
        baselines=False,
        seeds=1,
        method="range_test",
        parameters={"learning_rate": {"min": 1e-5, "max": 100, "count": 100}, "hidden_layers": [8]},
    )
    work(worker_context)
    for run in runs(worker_context):
        comes_out_again(worker_context, run)


@pytest.mark.parametrize(
    ("first", "then", "states"),
    [
        ("final", "none", {"completed", "diverged"}),
        ("both", "final", {"completed", "diverged"}),
        ("both", "best", {"completed"}),  # the others have no best weights to answer with
    ],
)
def test_a_run_that_was_answered_from_the_store_comes_out_again(
    worker_context: Context, submitted: Submit, first: str, then: str, states: set[str]
) -> None:
    parameters = {"learning_rate": {"values": [0.1, 1e6]}, "hidden_layers": [8], "epochs": 4}
    submitted(baselines=False, parameters=parameters, keep_weights=first)
    work(worker_context)
    submitted(baselines=False, parameters=parameters, keep_weights=then, rerun=False)
    answers = [run for run in runs(worker_context) if run.reused_from_id is not None]
    assert {run.state for run in answers} == states
    for run in answers:
        comes_out_again(worker_context, run)
