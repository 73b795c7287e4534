"""From one run to two hundred, on the digits' shape, a run has the same bits on every BLAS kernel here."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.environment import environment_class
from core.examples import Examples
from core.members import Member
from core.training import Directive, Population

Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
MakeMember = Callable[..., Member]

SIZES = (1, 2, 5, 64, 200)
SEEDS = 4
PATHS: dict[str, dict[str, object]] = {
    "reference": {"loss": "mse"},
    "cross-entropy, adam": {"optimizer": "adam"},
    "momentum under a schedule": {"optimizer": "momentum", "learning_rate_schedule": "cosine"},
    "early stopping": {"patience": 1, "min_delta": 0.02, "restore_best": True, "epochs": 6},
    "progress": {"stop_progress": 400.0, "validate_every": 1, "epochs": 6},
    "full batch": {"batch_size": "full", "epochs": 6},
    "linear": {"hidden_layers": []},
    "two hidden layers, float64": {"hidden_layers": [33, 16], "dtype": "float64"},
    "batches beyond one product": {"batch_size": 100, "loss": "mse"},
}
CHOSEN = (0, 7, 50, 99, 150, 199)  # of 200 runs, at both ends of seeds and of rates


@pytest.fixture(scope="module")
def digits() -> Examples:
    draw = np.random.default_rng(64)
    centres = draw.random((10, 64))
    classes = draw.integers(0, 10, 180)
    return Examples(centres[classes] + 0.3 * draw.random((180, 64)), classes, 10, "classification")


def by_seed(digits: Examples, member: MakeMember, values: dict[str, object]) -> list[Member]:
    """Return 50 rates, the last of which diverge, for each of four seeds, runs with one seed side by side."""
    rates = np.append(np.geomspace(1e-4, 0.5, 48), (30.0, 1e5))
    values = {"hidden_layers": [64], "batch_size": 32, "epochs": 4, **values}
    return [
        member(digits, seed=seed, learning_rate=float(rate), **values)
        for seed in range(SEEDS)
        for rate in rates
    ]


def share(members: list[Member], size: int, place: int) -> list[Member]:
    """Return `size` neighbours, the member at `place` among them."""
    start = min(max(0, place - size // 2), len(members) - size)
    return members[start : start + size]


@pytest.mark.parametrize("path", PATHS)
def test_a_run_has_the_same_bits_in_a_population_of_every_size(
    digits: Examples, member: MakeMember, learn: Learn, path: str
) -> None:
    members = by_seed(digits, member, PATHS[path])
    expected = [learn([members[place]], digits).bits(0) for place in CHOSEN]
    for size in SIZES[1:]:
        whole = learn(members, digits) if size == len(members) else None
        for place, bits in zip(CHOSEN, expected, strict=True):
            company = share(members, size, place)
            together = whole or learn(company, digits)
            assert together.bits(company.index(members[place])) == bits, f"{size} runs"


@pytest.mark.parametrize("path", ["reference", "early stopping", "full batch"])
def test_runs_that_leave_and_others_that_join_change_nobodys_bits(
    digits: Examples, member: MakeMember, learn: Learn, path: str
) -> None:
    members = by_seed(digits, member, PATHS[path])[:120]
    whole = learn(members, digits, checkpoints=True)
    # A third goes after the first epoch; what is left is then no longer evenly many of each seed.
    gone = set(range(0, 120, 3))
    thinned = learn(
        members, digits, answer=lambda report: Directive(drop=tuple(gone)) if report.epoch == 1 else None
    )
    for place in set(range(120)) - gone:
        assert thinned.bits(place) == whole.bits(place)
    # Of the others, some are joined in a new population by runs from elsewhere, in another order.
    joined = [place for place in (110, 3, 60, 1, 61, 2) if (place, 1) in whole.checkpoints]
    saved = [whole.checkpoints[place, 1] for place in joined]
    resumed = learn(Population.resume([members[place] for place in joined], digits, saved), digits)
    for place, original in enumerate(joined):
        assert resumed.endings[place].weights_sha256 == whole.endings[original].weights_sha256


BY_NUMPY = "TESTS_OF_THE_CORE_BY_NUMPY"  # read by conftest.py
# What a machine without compiled steps trains with, on its own kernel and on that of an older machine.
ELSEWHERE = {
    "its own kernel": {},
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
}


@pytest.mark.parametrize("blas", ELSEWHERE)
def test_all_of_this_holds_where_numpy_multiplies_by_either_kernel(blas: str) -> None:
    if os.environ.get(BY_NUMPY):
        assert environment_class()["products"] == "blas"
        return  # this is the inner run
    if blas == "Haswell" and platform.machine() not in {"x86_64", "AMD64"}:
        pytest.skip("that kernel is x86-64's")
    if blas == "its own kernel" and environment_class()["blas_kernel"] == "Haswell":
        pytest.skip("it is the other case")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **ELSEWHERE[blas], BY_NUMPY: "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
