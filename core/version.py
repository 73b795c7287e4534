"""The version of the arithmetic: two runs are comparable bit for bit only where it is equal."""

from __future__ import annotations

# Raised by any change that can change bits: an order of operations, a stream, an initializer, a chunk size.
NUMERICS_VERSION = 3
