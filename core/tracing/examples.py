"""The examples of a traced step, and what each is expected to give."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from core.tracing.network import Row, TracedNetwork
from core.tracing.reading import Faults

MAX_EXAMPLES = 32


@dataclass(frozen=True)
class TracedExample:
    """One example; under cross_entropy its targets are 1 for the right class and 0 for the others."""

    inputs: Row
    targets: Row

    @property
    def right_class(self) -> int:
        """The class that the targets mark."""
        return self.targets.index(1)


def read_examples(
    network: TracedNetwork, inputs: object, targets: object, found: Faults
) -> list[TracedExample]:
    """Read rows of inputs, and rows of targets or, under cross_entropy, a class index for each row.

    Faults are noted in `found`; what is returned is of use only if there are none.
    """
    features, outputs = network.sizes[0], network.sizes[-1]
    rows = [
        found.row(f"inputs.{place}", row, features, features)
        for place, row in enumerate(found.items("inputs", inputs, 1, MAX_EXAMPLES, "examples"))
    ]
    expected = []
    least = len(rows) or 1
    for place, given in enumerate(
        found.items("targets", targets, least, len(rows) or MAX_EXAMPLES, "targets")
    ):
        if network.loss == "mse":
            expected.append(found.row(f"targets.{place}", given, outputs, outputs))
        else:
            right = found.whole_number(f"targets.{place}", given, 0, outputs - 1)
            expected.append(tuple(Fraction(int(place == right)) for place in range(outputs)))
    return [TracedExample(*pair) for pair in zip(rows, expected, strict=False)]
