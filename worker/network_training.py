"""Networks learn from the training rows of their seed, and are tested on the rows that nobody has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from safetensors import SafetensorError
from safetensors.numpy import load

from core.checkpoints import is_checkpoint
from core.errors import DataError, ShapeError
from core.examples import Examples
from core.hashing import weights_sha256
from core.members import Member
from core.population import Saved
from core.training import Directive, Ending, EpochReport, Population, train
from service.lifecycle.claim import ClaimedRun
from service.lifecycle.materials import Aims, DatasetMaterials
from worker.final_test import UNTESTED, FinalTest, final_tests
from worker.training import checkpoints


class NetworkTraining:
    """The runs of one claim of a sweep over a dataset."""

    def __init__(self, runs: Sequence[ClaimedRun], materials: DatasetMaterials) -> None:
        """Start the runs, or continue them from their checkpoints."""
        self._materials = materials
        self.aims: Aims = materials.aims
        members = [
            Member(
                configuration=self.aims.configuration(run.configuration, run.configuration_id),
                seed=run.seed,
                train_rows=materials.rows(run.seed)[0],
                validation_rows=materials.rows(run.seed)[1],
            )
            for run in runs
        ]
        saved, examples, keep_best = checkpoints(runs), materials.examples, self.aims.keeps_best
        if saved is not None:
            saved = [
                content if is_checkpoint(content) else _of_weights(member, examples, run, content)
                for member, run, content in zip(members, runs, saved, strict=True)
            ]
        self.population = (
            Population.start(members, examples, keep_best=keep_best)
            if saved is None
            else Population.resume(members, examples, saved, keep_best=keep_best)
        )

    def run(
        self, *, on_epoch: Callable[[EpochReport], Directive | None], should_stop: Callable[[], bool]
    ) -> None:
        """Train every network to its end."""
        train(self.population, on_epoch=on_epoch, should_stop=should_stop)

    def test(self, endings: Sequence[Ending], runs: Sequence[ClaimedRun]) -> list[FinalTest]:
        """What the test rows say of the runs that completed; others are not tested, nor range tests."""
        tests = [UNTESTED] * len(endings)
        completed = [
            place
            for place, ending in enumerate(endings)
            if ending.state == "completed" and ending.screened is None
        ]
        if completed:
            found = final_tests(
                self._materials,
                self.aims.configuration(runs[completed[0]].configuration),
                [runs[place].seed for place in completed],
                [endings[place].parameters for place in completed],
            )
            for place, test in zip(completed, found, strict=True):
                tests[place] = test
        return tests

    def arrival(self, _ending: Ending) -> None:
        """Say nothing: a network's derivative is that of a batch, and vanishes nowhere."""


def _of_weights(member: Member, examples: Examples, run: ClaimedRun, content: bytes) -> bytes:
    """The checkpoint of a finished run that is given more epochs, and whose final weights are all of it.

    Raises: DataError if they are not those that were stored.
    """
    try:
        weights = load(content)
        found = weights_sha256(weights)
    except (SafetensorError, ShapeError) as error:
        raise DataError(f"the {len(content)} bytes of the final weights cannot be read: {error}") from None
    if found != run.checkpoint_sha256:
        raise DataError(f"the final weights have hash {found}, stored was {run.checkpoint_sha256}")
    return Saved.of_weights(member, examples, run.checkpoint_epoch, weights).encode()
