"""Training without a network: a state that each epoch hashes on, and all that a worker would write of it.

What a run's epoch comes to depends on every epoch before it, as in real training: whoever continues from a
wrong state, skips an epoch or does one twice stores other numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from service.lifecycle.claim import Claim
from service.lifecycle.record import Batch, Ending, KeptWeights, Progress
from service.planning.measurements import Measurement
from service.planning.statuses import RunState

NextState = Callable[[bytes, int], bytes]  # from the state after an epoch to the one after the next


def next_state(state: bytes, epoch: int) -> bytes:
    """The state after `epoch`."""
    return hashlib.sha256(state + b" %d" % epoch).digest()


def first_state(seed: int) -> bytes:
    """The state before the first epoch."""
    return hashlib.sha256(b"seed %d" % seed).digest()


def loss(state: bytes) -> float:
    """What is measured of a state."""
    return int.from_bytes(state[:6], "big") / 2**48


def expected(seed: int, epochs: int) -> tuple[list[float], str]:
    """The losses and the weights' hash of a run that nothing disturbed."""
    state, losses = first_state(seed), []
    for epoch in range(1, epochs + 1):
        state = next_state(state, epoch)
        losses.append(loss(state))
    return losses, state.hex()


@dataclass(slots=True)
class Trainee:
    """One run in a worker's memory."""

    run_id: int
    seed: int
    epochs: int
    epoch: int
    state: bytes


class PretendedWorker:
    """Holds a claim and what it has trained of it; `advance` says what is to be recorded."""

    def __init__(self, claim: Claim, following: NextState = next_state) -> None:
        self.claim = claim
        self._following = following
        self.trainees = [
            Trainee(run.run_id, run.seed, run.epochs, *_saved(run.checkpoint, run.seed)) for run in claim.runs
        ]

    def advance(self, epochs: int, *, checkpoint: bool) -> Batch:
        """Train so many epochs further, at most to the end; the batch that a worker would record."""
        batch = Batch()
        for trainee in list(self.trainees):
            for _ in range(min(epochs, trainee.epochs - trainee.epoch)):
                trainee.epoch += 1
                trainee.state = self._following(trainee.state, trainee.epoch)
                batch.measurements.append(_measured(trainee))
            batch.epoch = trainee.epoch
            batch.progress[trainee.run_id] = Progress(
                _measured(trainee),
                {"train_loss": {"last": loss(trainee.state)}},
                None,
                0.1,
                _values(trainee)[:4],
            )
            if trainee.epoch == trainee.epochs:
                batch.endings.append(_ending(trainee))
                self.trainees.remove(trainee)
            elif checkpoint:
                batch.checkpoints[trainee.run_id] = (trainee.epoch, "c" * 64, _save(trainee))
        return batch


def _saved(checkpoint: bytes | None, seed: int) -> tuple[int, bytes]:
    if checkpoint is None:
        return 0, first_state(seed)
    return checkpoint[0], checkpoint[1:]


def _save(trainee: Trainee) -> bytes:
    return bytes([trainee.epoch]) + trainee.state


def _values(trainee: Trainee) -> tuple[float, ...]:
    return (loss(trainee.state), 0.5, 0.5, 0.5, 0.1, 1.0, 0.01)


def _measured(trainee: Trainee) -> Measurement:
    return Measurement(trainee.run_id, trainee.epoch, _values(trainee))


def _ending(trainee: Trainee) -> Ending:
    digest = trainee.state.hex()
    kept = KeptWeights("final", trainee.epoch, digest, trainee.state)
    return Ending(
        trainee.run_id,
        RunState.COMPLETED,
        "reached its last epoch",
        trainee.epoch,
        weights_sha256=digest,
        weights=(kept,),
    )
