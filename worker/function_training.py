"""Points descend on a function; where they end is judged by the derivative alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from core.descent import FunctionEnding, train_function
from core.function_population import FunctionMember, FunctionPopulation
from core.reports import Directive, Ending, EpochReport
from service.lifecycle.claim import ClaimedRun
from service.lifecycle.materials import Aims, FunctionMaterials
from worker.final_test import UNTESTED, FinalTest
from worker.training import checkpoints


class FunctionTraining:
    """The runs of one claim of a sweep over a function."""

    def __init__(self, runs: Sequence[ClaimedRun], materials: FunctionMaterials) -> None:
        """Start the runs, or continue them from their checkpoints."""
        self.aims: Aims = materials.aims
        members = [
            FunctionMember(self.aims.configuration(run.configuration, run.configuration_id), run.seed)
            for run in runs
        ]
        saved = checkpoints(runs)
        self.population = (
            FunctionPopulation.start(members, materials.function)
            if saved is None
            else FunctionPopulation.resume(members, materials.function, saved)
        )

    def run(
        self, *, on_epoch: Callable[[EpochReport], Directive | None], should_stop: Callable[[], bool]
    ) -> None:
        """Step until every run has ended."""
        train_function(self.population, on_epoch=on_epoch, should_stop=should_stop)

    def test(self, endings: Sequence[Ending], _runs: Sequence[ClaimedRun]) -> list[FinalTest]:
        """Nothing: a function has no rows."""
        return [UNTESTED] * len(endings)

    def arrival(self, ending: Ending) -> dict[str, Any] | None:
        """The judgement, and the variables: a diverged run's are those of its last good step."""
        if not isinstance(ending, FunctionEnding):
            return None
        judged = ending.judgement
        return {
            "converged": ending.converged,
            "standing": judged.standing if judged else ending.state,
            "value": judged.value if judged else None,
            "derivative": judged.slope if judged else None,
            "turns": ending.turns,
            "variables": {name: float(value) for name, value in ending.parameters.items()},
        }
