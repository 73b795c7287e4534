from __future__ import annotations

import statistics

from scipy.stats import rankdata

from service.planning.outcomes import gather
from service.planning.ranks import mean_ranks, medians
from service.planning.statuses import RunState
from tests.service.planning.run_outcomes import table_of
from tests.service.planning.test_summary import rates

DIVERGED, QUEUED = RunState.DIVERGED, RunState.QUEUED


def test_medians_take_a_diverged_run_for_the_worst() -> None:
    settings = gather(
        table_of(
            rates(
                {
                    0.1: [3.0, 1.0, 2.0],
                    0.2: [1.0, DIVERGED, 2.0],
                    0.3: [1.0, DIVERGED, DIVERGED],
                    0.4: [QUEUED],
                }
            )
        ),
        ("learning_rate",),
    )
    assert medians(settings, "validation_loss", "minimize") == [statistics.median([3, 1, 2]), 2.0, None, None]


def test_ranks_are_means_over_seeds_with_diverged_runs_last() -> None:
    settings = gather(
        table_of(rates({0.1: [1.0, 2.0, 3.0], 0.2: [2.0, 2.0, DIVERGED], 0.3: [DIVERGED, 9.0, DIVERGED]})),
        ("learning_rate",),
    )
    expected = [rankdata(seed) for seed in ([1, 2, 99], [2, 2, 9], [3, 99, 99])]
    found = mean_ranks(settings, "validation_loss", "minimize")
    assert found == [statistics.fmean(rank[place] for rank in expected) for place in range(3)]


def test_ranks_are_told_for_seeds_at_which_all_have_finished() -> None:
    settings = gather(table_of(rates({0.1: [1.0, 5.0], 0.2: [2.0, QUEUED]})), ("learning_rate",))
    assert mean_ranks(settings, "validation_loss", "minimize") == [1.0, 2.0]
    waiting = gather(table_of(rates({0.1: [1.0], 0.2: [QUEUED]})), ("learning_rate",))
    assert mean_ranks(waiting, "validation_loss", "minimize") == [None, None]
