"""What a reader should know about a traced step, beyond its numbers."""

from __future__ import annotations

from core.tracing.derivatives import Differentiated
from core.tracing.names import Names
from core.tracing.numbers import Number, shown, unbounded_sum, written


def notes(done: Differentiated, names: Names, losses: tuple[Number, ...]) -> list[dict[str, object]]:
    """Return a sentence for every dead ReLU: a unit whose derivative is 0 for every example."""
    found: list[dict[str, object]] = []
    last = len(done.network.layers) - 1
    for l, layer in enumerate(done.network.layers):
        if layer.activation != "relu":
            continue
        for j in range(layer.outputs):
            if any(values.sums[l][j] > 0 for values in done.values):
                continue
            floor = _error_of_output(done, j) if l == last else None
            found.append(
                {
                    "kind": "dead_relu",
                    "unit": names.outputs[l][j],
                    "id": names.output_ids[l][j],
                    "error_floor": None if floor is None else written(floor),
                    "text": _dead(names.sums[l][j], names.outputs[l][j], len(done.examples))
                    + (_floor(floor, losses) if floor is not None else ""),
                }
            )
    return found


def _dead(own_sum: str, output: str, examples: int) -> str:
    where = "" if examples == 1 else " for any example"
    return (
        f"{output} is a dead ReLU: {own_sum} is not above 0{where}, so its derivative is 0 and this step "
        f"leaves the weights into {own_sum} as they are."
    )


def _floor(floor: Number, losses: tuple[Number, ...]) -> str:
    steps = len(losses) - 1
    after = f"; after {steps} steps it is {shown(losses[-1])}" if steps > 1 else ""
    return f" For as long as it stays dead, E cannot fall below {shown(floor)}{after}."


def _error_of_output(done: Differentiated, j: int) -> Number:
    """Return an output's own part of E: the mean over examples of (y^j - t^j)^2 / n."""
    pairs = zip(done.values, done.examples, strict=True)
    squares = [(v.outputs[-1][j] - e.targets[j]) * (v.outputs[-1][j] - e.targets[j]) for v, e in pairs]
    return unbounded_sum(squares) / (len(squares) * done.network.sizes[-1])
