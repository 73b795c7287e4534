"""A chain is programs with what NumPy does between them, put together once and run for every batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.arrays import FloatArray
from core.batches import Batch
from core.compiled.program import Kernel, Program, Step, address

PARTS = ("inputs", "targets", "classes")  # of a batch that steps read


class Chain:
    """What is done to a batch; while the chain is put together it is done to the first one."""

    def __init__(self, kernel: Kernel, runs: int, dtype: np.dtype, first: Batch) -> None:
        self._kernel, self._runs, self._dtype = kernel, runs, dtype
        # By the identity of batches, which are kept here.
        self._read = [id(first)]
        self._known = {id(first): (first, _addresses(first))}
        self._parts: list[Callable[[], object]] = []
        self._programs: list[Program] = []
        self._pending: list[Step] = []

    def add(self, *steps: Step) -> None:
        """Add compiled steps."""
        self._pending += steps

    def call(self, function: Callable[[FloatArray], FloatArray], values: FloatArray) -> FloatArray:
        """Add what NumPy does to these values, and return what comes of them, always in the same memory."""
        self.close()
        found = function(values)
        self._parts.append(lambda: function(values))
        return found

    def close(self) -> None:
        """What was added since the last program, or NumPy's part, becomes a program."""
        if not self._pending:
            return
        program = Program(self._kernel, self._runs, self._dtype, self._pending)
        self._pending = []
        self._programs.append(program)
        self._parts.append(program.run)
        program.run()

    @property
    def is_one_program(self) -> bool:
        """Whether NumPy has no part in it, so that several batches can be done in one go."""
        return len(self._parts) == len(self._programs) == 1

    def run(self, batches: Sequence[Batch]) -> None:
        """Do it all again to a batch, or to AT_ONCE of them at most.

        Raises: ValueError if there are several and this is not one program.
        """
        if len(batches) != 1 and not self.is_one_program:
            raise ValueError(f"{len(batches)} batches in one go; allowed: 1, as NumPy takes part")
        asked = [id(batch) for batch in batches]
        if asked != self._read:
            self._read = asked
            addresses = [self._addresses_of(batch) for batch in batches]
            for program in self._programs:
                program.read(addresses)
        for part in self._parts:
            part()

    def _addresses_of(self, batch: Batch) -> dict[str, int]:
        known = self._known.get(id(batch))
        if known is None:
            known = self._known[id(batch)] = batch, _addresses(batch)
        return known[1]


def _addresses(batch: Batch) -> dict[str, int]:
    return {part: address(getattr(batch, part)) for part in PARTS}
