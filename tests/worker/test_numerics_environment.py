from __future__ import annotations

import json
import os
import platform
import subprocess
import sys

import pytest

from service.settings import InvalidSetting, Settings
from worker.__main__ import numerics_environment

PINNED = Settings.from_environment({"BACKSWEEP_PIN_NUMERICS": "1"})
FREE = Settings.from_environment({})
REPORT = """
import json
from worker.child import limit_threads
limit_threads()
from threadpoolctl import threadpool_info
from core.environment import environment_class
print(json.dumps([environment_class(), [each["num_threads"] for each in threadpool_info()]]))
"""


def report(**variables: str) -> tuple[dict[str, str], list[int]]:
    """What NumPy computes with in a process of its own; a warning of NumPy about a variable is an error."""
    answer = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", REPORT],
        env={**os.environ, **variables}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    environment, threads = json.loads(answer.stdout)
    return environment, threads


def test_each_machine_uses_its_own_kernels_unless_they_are_pinned() -> None:
    assert set(numerics_environment(FREE, "arm64")) == {
        "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
    }  # fmt: skip


def test_kernels_that_the_machine_has_not_got_cannot_be_pinned() -> None:
    with pytest.raises(InvalidSetting, match="BACKSWEEP_PIN_NUMERICS is '1'; allowed is 0 on arm64"):
        numerics_environment(PINNED, "arm64")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the pinned kernels are x86-64's")
def test_pinned_numpy_uses_the_haswell_kernel_and_nothing_beyond_avx2() -> None:
    environment, _ = report(**numerics_environment(PINNED, "x86_64"))
    assert environment["blas_kernel"] == "Haswell"
    assert not {"X86_V4", "AVX512_ICL", "AVX512_SPR"} & set(environment["simd"].split())


def test_blas_is_limited_to_one_thread_whatever_the_environment_says() -> None:
    _, threads = report(OPENBLAS_NUM_THREADS="2", OMP_NUM_THREADS="2")
    assert set(threads) == {1}
