"""The environment class is what bits can depend on besides the submission; equal classes, equal bits."""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core.compiled.library import kernel
from core.version import NUMERICS_VERSION

# OpenBLAS exports its kernel's name under a prefix and suffix that say how it was built.
CORENAME_SYMBOLS = (
    "scipy_openblas_get_corename64_",
    "openblas_get_corename64_",
    "scipy_openblas_get_corename",
    "openblas_get_corename",
)
LIBRARY_FOLDERS = ("../numpy.libs", ".dylibs")  # where NumPy's wheels for Linux and for macOS keep their BLAS


def environment_class() -> dict[str, str]:
    """Return numerics, products, numpy, blas, blas_kernel, simd, architecture and libc, or "unknown".

    `numerics` is our own part: what a release of other arithmetic has begun is not continued by this one.
    """
    build = np.show_config(mode="dicts")
    blas = build.get("Build Dependencies", {}).get("blas", {})
    simd = build.get("SIMD Extensions", {})
    levels = [*simd.get("baseline", []), *simd.get("found", [])]
    libc = " ".join(part for part in platform.libc_ver() if part)
    return {
        "numerics": str(NUMERICS_VERSION),
        "products": "blas" if kernel() is None else "fused multiply-add",
        "numpy": np.__version__,
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "blas_kernel": _blas_kernel() or "unknown",
        "simd": " ".join(levels) or "unknown",
        "architecture": platform.machine() or "unknown",
        "libc": libc or f"{sys.platform} {platform.release()}",
    }


def _blas_kernel() -> str | None:
    """Return the name of the kernel that OpenBLAS chose for this processor, such as SkylakeX."""
    for library in _blas_libraries():
        try:
            # NumPy has loaded this very file, so this is the copy in use and no second one.
            loaded = ctypes.CDLL(str(library))
        except OSError:
            continue
        for symbol in CORENAME_SYMBOLS:
            corename = getattr(loaded, symbol, None)
            if corename is not None:
                corename.restype = ctypes.c_char_p
                return str(corename().decode())
    return None


def _blas_libraries() -> Iterator[Path]:
    package = Path(np.__file__).parent
    for folder in LIBRARY_FOLDERS:
        yield from sorted((package / folder).glob("*openblas*"))
