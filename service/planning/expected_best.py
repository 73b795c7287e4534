"""What random search is expected to find with fewer settings (Dodge et al. 2019, "Show your work")."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.planning.outcomes import Goal

MOST_BUDGETS = 50  # points of the curve


def expected_best(values: Sequence[float], goal: Goal) -> list[tuple[int, float]]:
    """For budgets of 1 to all settings, the mean of the best of so many drawn from them with replacement.

    E[max of n] = sum over i of v_(i) ((i / N)^n - ((i - 1) / N)^n), with v in rising order: the best of all
    tells how lucky a search was, this what it would bring again.
    """
    count = len(values)
    if not count:
        return []
    sign = 1.0 if goal == "maximize" else -1.0
    rising = np.sort(sign * np.asarray(values, dtype=np.float64))
    budgets = sorted({round(each) for each in np.geomspace(1, count, min(count, MOST_BUDGETS))})
    below = np.arange(count + 1) / count
    return [(budget, float(sign * (np.diff(below**budget) @ rising))) for budget in budgets]
