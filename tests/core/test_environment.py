"""The environment class says all that bits can depend on, and says it twice the same."""

from __future__ import annotations

import platform

import numpy as np

from core.environment import environment_class


def test_the_environment_class_names_what_bits_depend_on() -> None:
    environment = environment_class()
    assert set(environment) == {
        "numerics",
        "products",
        "numpy",
        "blas",
        "blas_kernel",
        "simd",
        "architecture",
        "libc",
    }
    assert all(environment.values())
    assert environment["numpy"] == np.__version__
    assert environment["architecture"] == platform.machine()
    assert environment == environment_class()


def test_the_kernel_is_the_one_that_threadpoolctl_sees() -> None:
    from threadpoolctl import threadpool_info

    kernels = {library.get("architecture") for library in threadpool_info() if "numpy" in library["filepath"]}
    if kernels:
        assert environment_class()["blas_kernel"] in kernels
