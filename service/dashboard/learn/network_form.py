"""A small network as the address of its page says it: shape, weights, inputs, targets and learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

PATH = "/learn/backpropagation"
MOST_LAYERS = 4
MOST_UNITS = 5
ACTIVATIONS = ("relu", "leaky_relu", "identity", "softsign", "tanh", "sigmoid")
CURVE_STEPS = 60  # repeated for the curve of the error
LONGEST = 40  # characters of a number
# What a weight is that nobody has chosen: neither all alike, nor random.
SPARE_WEIGHTS = ("0.5", "-0.5", "1", "-1")

# The article's: 3 -> 1 -> ReLU -> 2 -> ReLU, all biases 0.
WORKED_EXAMPLE = {
    "sizes": "3-1-2",
    "i0": "1", "i1": "0.5", "i2": "1",
    "w0.0.0": "0.5", "w0.1.0": "1", "w0.2.0": "-0.5",
    "w1.0.0": "-1", "w1.0.1": "1",
    "t0": "0.5", "t1": "1",
}  # fmt: skip
PRESETS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("The worked example", {}),
    ("Its dead unit revived", {**WORKED_EXAMPLE, "b1.0": "0.75"}),
    ("Two hidden layers, tanh", {"sizes": "2-3-2-1", "f0": "tanh", "f1": "tanh", "f2": "identity"}),
    ("Linear: layers collapse", {"sizes": "2-2-1", "f0": "identity", "f1": "identity"}),
    ("Too large a rate", {**WORKED_EXAMPLE, "rate": "4"}),
)


@dataclass(frozen=True, slots=True)
class Field:
    """One number that can be changed: its name in the address, its text, and what it is called."""

    name: str
    text: str
    label: str


class UnreadableShape(Exception):
    """The address names a shape that is no small network."""


@dataclass(frozen=True, slots=True)
class NetworkForm:
    """What the page of a network was asked for; numbers are texts, for the API to read."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    numbers: Mapping[str, str]  # by field

    @classmethod
    def of(cls, query: Mapping[str, str]) -> NetworkForm:
        """Read an address; what it leaves out is the worked example's, or spare.

        Raises: UnreadableShape.
        """
        given = dict(query) if "sizes" in query else {**WORKED_EXAMPLE, **query}
        sizes = _sizes(given["sizes"])
        activations = tuple(given.get(f"f{layer}", "relu") for layer in range(len(sizes) - 1))
        numbers = {
            name: given.get(name, "").strip()[:LONGEST] or spare for name, spare in _spare_numbers(sizes)
        }
        return cls(sizes, activations, numbers)

    def request(self, steps: int) -> dict[str, Any]:
        """The body of `POST /trace`, with no paths."""
        n, sizes = self.numbers, self.sizes
        layers = [
            {
                "weights": [[n[f"w{l}.{i}.{j}"] for j in range(outputs)] for i in range(inputs)],
                "biases": [n[f"b{l}.{j}"] for j in range(outputs)],
                "activation": self.activations[l],
            }
            for l, (inputs, outputs) in enumerate(pairwise(sizes))
        ]
        return {
            "layers": layers,
            "inputs": [[n[f"i{i}"] for i in range(sizes[0])]],
            "targets": [[n[f"t{j}"] for j in range(sizes[-1])]],
            "learning_rate": n["rate"],
            "steps": steps,
            "path_limit": 0,
        }

    def address(self, sizes: Sequence[int] | None = None, changes: Mapping[str, str] | None = None) -> str:
        """Where the page of this network is, or of one of other sizes with what fits of this one."""
        shape = self.sizes if sizes is None else tuple(sizes)
        activations = {f"f{layer}": name for layer, name in enumerate(self.activations) if name != "relu"}
        query = {"sizes": "-".join(map(str, shape)), **activations, **self.numbers, **(changes or {})}
        known = {name for name, _ in _spare_numbers(shape)}
        functions = {f"f{layer}" for layer in range(len(shape) - 1)}
        kept = {name: text for name, text in query.items() if name in known | functions | {"sizes"}}
        return f"{PATH}?{urlencode(kept)}"

    def shapes(self) -> list[dict[str, Any]]:
        """For each row of units, its size and where one with a unit more or less is."""
        last = len(self.sizes) - 1
        rows = []
        for place, size in enumerate(self.sizes):
            name = "Inputs" if not place else "Outputs" if place == last else f"Hidden layer {place}"
            less, more = (self._resized(place, size + by) for by in (-1, 1))
            rows.append({"name": name, "size": size, "less": less, "more": more})
        return rows

    def deeper(self) -> str | None:
        """Where a network with another hidden layer before the outputs is."""
        if len(self.sizes) > MOST_LAYERS:
            return None
        return self.address((*self.sizes[:-1], min(2, MOST_UNITS), self.sizes[-1]))

    def shallower(self) -> str | None:
        """Where a network without the last hidden layer is."""
        return self.address((*self.sizes[:-2], self.sizes[-1])) if len(self.sizes) > 2 else None

    def _resized(self, place: int, size: int) -> str | None:
        if not 1 <= size <= MOST_UNITS:
            return None
        return self.address((*self.sizes[:place], size, *self.sizes[place + 1 :]))


def stepped(form: NetworkForm, parameters: Sequence[Mapping[str, Any]]) -> str:
    """Where the same network is after a step; `parameters` are those of its trace."""
    changes = {}
    for parameter in parameters:
        _, layer, kind, *place = parameter["id"].split(".")
        after = parameter["after"]
        exact = after["exact"]
        text = exact if exact is not None and len(exact) <= LONGEST else repr(after["value"])
        changes[f"{kind[0]}{layer}.{'.'.join(place)}"] = text
    return form.address(changes=changes)


def _sizes(text: str) -> tuple[int, ...]:
    pieces = text.split("-")
    sizes = tuple(int(piece) if piece.isdecimal() and len(piece) == 1 else 0 for piece in pieces)
    if not 2 <= len(sizes) <= MOST_LAYERS + 1 or not all(1 <= size <= MOST_UNITS for size in sizes):
        raise UnreadableShape(
            f"{text[:100]!r} is no shape of a small network: 2 to {MOST_LAYERS + 1} numbers of units, "
            f"each from 1 to {MOST_UNITS}, such as 3-1-2"
        )
    return sizes


def _spare_numbers(sizes: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Every number's field, and what it is if nobody says so."""
    for i in range(sizes[0]):
        yield f"i{i}", ("1", "0.5")[i % 2]
    for l, (inputs, outputs) in enumerate(pairwise(sizes)):
        for i in range(inputs):
            for j in range(outputs):
                yield f"w{l}.{i}.{j}", SPARE_WEIGHTS[(l + 3 * i + j) % 4]
        for j in range(outputs):
            yield f"b{l}.{j}", "0"
    for j in range(sizes[-1]):
        yield f"t{j}", ("0.5", "1")[j % 2]
    yield "rate", "0.1"
