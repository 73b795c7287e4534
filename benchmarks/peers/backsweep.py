"""Backsweep's core, on the populations that a worker would be given."""

from __future__ import annotations

import os
from functools import cache
from itertools import product

import numpy as np

from benchmarks.peers.protocol import Prepared, serve
from benchmarks.peers.task import Task
from core.calibration import Calibration, calibrate
from core.compiled import library
from core.configuration import resolve
from core.environment import environment_class
from core.examples import Examples
from core.members import Member, working_set_bytes
from core.reports import EpochReport
from core.training import Population, train
from service.planning.populations import PlacedRun, plan


def prepare(task: Task) -> Prepared:
    """Plan the populations, and train some runs alone to compare their bits."""
    examples = Examples(
        np.ascontiguousarray(task.inputs, np.float64), task.classes, task.outputs, "classification"
    )
    members = _members(task)
    populations = [list(range(len(members)))] if task.together else _plan(members, examples)
    hashes = [""] * len(members)
    checked = sorted({0, len(members) // 2, len(members) - 1})
    alone = [_train([members[run]], examples)[1][0] for run in checked]

    def measure() -> list[float]:
        losses = [0.0] * len(members)
        for population in populations:
            final, digests = _train([members[run] for run in population], examples)
            for run, loss, digest in zip(population, final, digests, strict=True):
                losses[run], hashes[run] = loss, digest
        for run, digest in zip(checked, alone, strict=True):
            if hashes[run] != digest:
                raise AssertionError(f"run {run} has weights {hashes[run]} among others and {digest} alone")
        return losses

    sizes = sorted({len(population) for population in populations})
    return Prepared(measure, {"populations": len(populations), "sizes": sizes, "exact_runs": len(checked)})


def _members(task: Task) -> list[Member]:
    rows, none = np.arange(len(task.classes)), np.empty(0, np.int64)
    settings = {
        "hidden_layers": list(task.hidden),
        "loss": task.loss,
        "optimizer": task.optimizer,
        "batch_size": task.batch,
        "epochs": task.epochs,
    }
    return [
        Member(resolve({**settings, "learning_rate": float(rate)}, task="classification"), seed, rows, none)
        for seed, rate in product(task.seeds, task.rates)
    ]


def _plan(members: list[Member], examples: Examples) -> list[list[int]]:
    size = working_set_bytes(
        members[0].configuration,
        features=examples.features,
        outputs=examples.outputs,
        train_rows=examples.rows,
        validation_rows=0,
    )
    placed = [
        PlacedRun(run, member.seed, member.shape_key(examples), size) for run, member in enumerate(members)
    ]
    return [list(population) for population in plan(placed, 1, calibration().budget)]


@cache
def calibration() -> Calibration:
    """What a worker on this core would have measured when it started."""
    return calibrate()


def _train(members: list[Member], examples: Examples) -> tuple[list[float], list[str]]:
    """Return the last training loss and the final weights' hash of each member."""
    losses, hashes = [0.0] * len(members), [""] * len(members)

    def keep(report: EpochReport) -> None:
        for member, loss in zip(report.members, report.train_loss, strict=True):
            losses[member] = float(loss)
        for ending in report.endings:
            if ending.state != "completed":
                raise AssertionError(f"{members[ending.member].configuration}: {ending.reason}")
            hashes[ending.member] = ending.weights_sha256

    train(Population.start(members, examples), on_epoch=keep)
    return losses, hashes


if __name__ == "__main__":
    library.switch(on=os.environ.get("BACKSWEEP_COMPILED") != "0")
    serve(prepare, environment_class())
