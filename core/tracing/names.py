"""Values and parameters of a small network have the article's names: i0, a0, b0, c0, o0 and i0->a0."""

from __future__ import annotations

from core.tracing.network import TracedNetwork
from core.tracing.paths import Parameter

# Of sums and outputs by turns; e is left out beside E, and i and o are inputs and outputs.
LETTERS = "abcdfgh"
MAX_NAMED_UNITS = 10  # of a layer: one digit


class Names:
    """What everything in a network is called.

    An `id` says where something stands and is the same in every network: `inputs.0`, `layers.0.sums.0`,
    `layers.0.outputs.0`, `layers.0.weight.2.0` (from input 2 to output 0), `layers.0.bias.0`. In a network
    that is too large for letters, ids are the names.
    """

    def __init__(self, network: TracedNetwork) -> None:
        sizes = network.sizes
        depth = len(network.layers)
        self.article = 2 * depth - 1 <= len(LETTERS) and max(sizes) <= MAX_NAMED_UNITS
        self.input_ids = tuple(f"inputs.{i}" for i in range(sizes[0]))
        self.sum_ids = tuple(
            tuple(f"layers.{l}.sums.{j}" for j in range(width)) for l, width in enumerate(sizes[1:])
        )
        self.output_ids = tuple(
            tuple(f"layers.{l}.outputs.{j}" for j in range(width)) for l, width in enumerate(sizes[1:])
        )
        self.targets = tuple(f"t{j}" if self.article else f"targets.{j}" for j in range(sizes[-1]))
        self.inputs, self.sums, self.outputs = self.input_ids, self.sum_ids, self.output_ids
        if self.article:
            letters = [*LETTERS[: 2 * depth - 1], "o"]
            self.inputs = tuple(f"i{i}" for i in range(sizes[0]))
            self.sums = tuple(
                tuple(f"{letters[2 * l]}{j}" for j in range(width)) for l, width in enumerate(sizes[1:])
            )
            self.outputs = tuple(
                tuple(f"{letters[2 * l + 1]}{j}" for j in range(width)) for l, width in enumerate(sizes[1:])
            )

    def inputs_of(self, layer: int) -> tuple[str, ...]:
        """Return the names of what a layer takes in."""
        return self.outputs[layer - 1] if layer else self.inputs

    def id(self, parameter: Parameter) -> str:
        """Return a parameter's id."""
        layer, source, target = parameter.layer, parameter.source, parameter.target
        return (
            f"layers.{layer}.bias.{target}" if source is None else f"layers.{layer}.weight.{source}.{target}"
        )

    def name(self, parameter: Parameter) -> str:
        """Return a parameter's name, such as `i0->a0` or `bias a0`."""
        return self._named(parameter, "{}->{}", "bias {}")

    def symbol(self, parameter: Parameter) -> str:
        """Return a parameter as it stands in a formula, such as `w(i0->a0)` or `bias(a0)`."""
        return self._named(parameter, "w({}->{})", "bias({})")

    def derivative(self, symbol: str) -> str:
        """Return what the derivative of E with respect to a symbol is called."""
        return f"dE/d{symbol}" if self.article else f"dE/d[{symbol}]"

    def _named(self, parameter: Parameter, weight: str, bias: str) -> str:
        if not self.article:
            return self.id(parameter)
        target = self.sums[parameter.layer][parameter.target]
        if parameter.source is None:
            return bias.format(target)
        return weight.format(self.inputs_of(parameter.layer)[parameter.source], target)
