from __future__ import annotations

import pytest
from scipy.stats import binomtest

from service.planning.comparison import compare, needed_pairs, proportion_interval


def test_the_interval_is_clopper_and_pearsons() -> None:
    for n in (1, 7, 29, 100):
        for successes in (0, 1, n // 2, n):
            expected = binomtest(successes, n).proportion_ci(0.95, method="exact")
            assert proportion_interval(successes, n) == pytest.approx(
                (expected.low, expected.high), abs=1e-12
            )


def test_29_pairs_are_needed_as_bouthillier_and_others_say() -> None:
    assert needed_pairs(0.75) == 29


def test_a_setting_that_always_leads_beats_the_other() -> None:
    a, b = dict.fromkeys(range(29), 0.1), dict.fromkeys(range(1, 40), 0.2)
    found = compare(a, b, "minimize")
    assert (found.pairs, found.wins, found.ties, found.probability) == (28, 28, 0, 1.0)
    assert found.verdict == "a beats b"
    assert compare(a, b, "maximize").verdict == "b beats a"


def test_a_small_lead_over_many_seeds_is_too_close_to_matter() -> None:
    a = {seed: float(seed % 20 < 12) for seed in range(1000)}
    b = dict.fromkeys(range(1000), 0.5)
    found = compare(a, b, "maximize")
    assert found.probability == 0.6
    assert found.low is not None
    assert found.low > 0.5
    assert found.verdict == "too close to matter"
    assert compare(b, a, "maximize").verdict == "too close to matter"


def test_ties_count_half_and_few_seeds_tell_nothing() -> None:
    found = compare({0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.0, 1: 1.0, 2: 1.0}, "maximize")
    assert (found.wins, found.ties) == (2, 1)
    assert found.probability == pytest.approx(2.5 / 3)
    assert found.verdict == "not told apart"
    assert compare({0: 1.0}, {1: 1.0}, "minimize").probability is None
