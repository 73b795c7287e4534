"""Where the units and edges of a traced network are drawn, what stands at them, and from which moment on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from service.dashboard.formatting import parameter
from service.dashboard.learn.moments import BACKWARD, FORWARD, Moment

RADIUS = 25
ROW = 120
MARGIN = 64
WEIGHTS_WIDE = 210  # from a layer's inputs to its sums
DENSE_WIDE = 240  # and 20 for each input
FUNCTION_WIDE = 116  # from a sum to its output
ERROR_WIDE = 150
TOP = 58
BOTTOM = 84


@dataclass(frozen=True, slots=True)
class Text:
    """A number at a unit or an edge, shown from one moment until before another."""

    kind: str  # value, derivative, weight, gradient
    text: str
    since: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A circle: an input, a sum, an output or the error."""

    id: str
    letter: str
    index: str
    kind: str
    x: float
    y: float
    texts: Sequence[Text]
    bias: Sequence[Text]
    lit: str  # the moments in which it is what happens
    target: str | None = None
    edits: str = ""  # the field of the form that changes it


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two units; a weight's has numbers."""

    id: str
    title: str
    x1: float
    y1: float
    x2: float
    y2: float
    label_x: float
    label_y: float
    width: float
    sign: str
    texts: Sequence[Text]
    lit: str
    edits: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Everything in its place."""

    width: float
    height: float
    units: Sequence[Unit]
    edges: Sequence[Edge]


def draw(trace: Mapping[str, Any], moments: Sequence[Moment]) -> Drawing:
    """Lay a traced network out in columns from its inputs to its error."""
    return _Drawer(trace, moments).drawing()


class _Drawer:
    def __init__(self, trace: Mapping[str, Any], moments: Sequence[Moment]) -> None:
        self.trace, self.moments = trace, moments
        self.last = len(moments) - 1
        self.stages = trace["stages"]
        self.tallest = max(len(stage["units"]) for stage in self.stages)
        self.places: dict[str, tuple[float, float]] = {}
        self.after = {
            entry["id"]: entry["result"]
            for layer in trace["forward_after"]["layers"]
            for entry in (*layer["sums"], *layer["outputs"])
        }
        self.biases = {each["to"]: each for each in trace["parameters"] if each["kind"] == "bias"}

    def drawing(self) -> Drawing:
        units = []
        x = float(MARGIN)
        for place, stage in enumerate(self.stages):
            if place:
                x += self._gap(stage)
            for unit, y in zip(stage["units"], self._rows(len(stage["units"])), strict=True):
                self.places[unit["id"]] = (x, y)
                units.append(self._unit(unit, stage["kind"], place))
        x += ERROR_WIDE
        middle = self._rows(1)[0]
        self.places["E"] = (x, middle)
        units.append(self._error())
        edges = [*self._weights(), *self._functions(), *self._to_error()]
        height = TOP + ROW * (self.tallest - 1) + BOTTOM
        return Drawing(x + MARGIN, height, units, edges)

    def _gap(self, stage: Mapping[str, Any]) -> float:
        if stage["kind"] != "sums":
            return FUNCTION_WIDE
        inputs, outputs = self._shape(stage["layer"])
        return WEIGHTS_WIDE if inputs * outputs <= 6 else DENSE_WIDE + 20 * inputs

    def _shape(self, layer: int) -> tuple[int, int]:
        sizes = self.trace["configuration"]["sizes"]
        return sizes[layer], sizes[layer + 1]

    def _rows(self, count: int) -> list[float]:
        first = TOP + ROW * (self.tallest - count) / 2
        return [first + ROW * row for row in range(count)]

    def _unit(self, unit: Mapping[str, Any], kind: str, place: int) -> Unit:
        identifier = unit["id"]
        known = place  # a moment for each stage
        texts = [Text("value", _short(unit["values"][0]), known, self.last if place else None)]
        if identifier in self.after:
            texts.append(Text("value", _short(self.after[identifier]), self.last))
        back = self._when(identifier, BACKWARD)
        if back:
            texts.append(Text("derivative", _short(unit["derivatives"][0]), back[0], self.last))
        bias = self.biases.get(unit["name"]) if kind == "sums" else None
        x, y = self.places[identifier]
        final = kind == "outputs" and place == len(self.stages) - 1
        target = _short(self.trace["targets"][0][int(identifier.split(".")[-1])]) if final else None
        return Unit(
            identifier,
            unit["name"][0],
            unit["name"][1:],
            kind,
            x,
            y,
            texts,
            self._parameter(bias) if bias else [],
            self._lit(identifier),
            target,
            unit["name"] if kind == "inputs" else "",
        )

    def _error(self) -> Unit:
        loss = self.trace["loss"]
        known = len(self.stages)
        texts = [
            Text("value", _short(loss["before"]), known, self.last),
            Text("value", _short(loss["after"]), self.last),
        ]
        x, y = self.places["E"]
        return Unit("E", "E", "", "error", x, y, texts, [], self._lit("E"))

    def _parameter(self, found: Mapping[str, Any]) -> list[Text]:
        kind = found["kind"]
        gradient, update = self._when(found["id"], BACKWARD)
        return [
            Text(kind, _short(found["before"]), 0, update),
            Text(kind, _short(found["after"]), update),
            Text("gradient", _short(found["gradient"]), gradient, self.last),
        ]

    def _weights(self) -> list[Edge]:
        edges = []
        for found in self.trace["parameters"]:
            if found["kind"] != "weight":
                continue
            _, layer, _, source, target = found["id"].split(".")
            inputs, outputs = self._shape(int(layer))
            before = "inputs" if layer == "0" else f"layers.{int(layer) - 1}.outputs"
            ends = self.places[f"{before}.{source}"], self.places[f"layers.{layer}.sums.{target}"]
            size = found["before"]["value"]
            weight = abs(size) if isinstance(size, int | float) else 0.0
            edges.append(
                _edge(
                    found["id"],
                    found["symbol"],
                    *ends,
                    at=_label_at(int(source), inputs, outputs),
                    width=1.25 + min(2.75, 1.5 * weight),
                    sign="negative" if str(found["before"]["shown"]).startswith("-") else "positive",
                    texts=self._parameter(found),
                    lit=self._lit(found["id"]),
                    edits=f"w{layer}.{source}.{target}",
                )
            )
        return edges

    def _functions(self) -> list[Edge]:
        edges = []
        for sums, outputs in pairwise(self.stages[1:]):
            if sums["kind"] != "sums":
                continue
            for one, other in zip(sums["units"], outputs["units"], strict=True):
                lit = sorted(set(self._when(other["id"], FORWARD)) | set(self._when(one["id"], BACKWARD)))
                slope = one.get("slopes") or [None]
                back = self._when(one["id"], BACKWARD)
                texts = [Text("function", outputs["function"] or "", 0)]
                if slope[0] is not None and back:
                    texts.append(Text("slope", _short(slope[0]), back[0], self.last))
                ends = self.places[one["id"]], self.places[other["id"]]
                title = f"{outputs['function']}: {one['name']} to {other['name']}"
                edges.append(_edge("", title, *ends, texts=texts, lit=" ".join(map(str, lit))))
        return edges

    def _to_error(self) -> list[Edge]:
        first = next(place for place, each in enumerate(self.moments) if each.flow == BACKWARD)
        lit = f"{len(self.stages)} {first} {self.last}"
        return [
            _edge("", f"{unit['name']} to E", self.places[unit["id"]], self.places["E"], lit=lit)
            for unit in self.stages[-1]["units"]
        ]

    def _when(self, identifier: str, flow: str | None = None) -> list[int]:
        return [
            place
            for place, moment in enumerate(self.moments)
            if identifier in moment.lit and flow in (None, moment.flow)
        ]

    def _lit(self, identifier: str) -> str:
        return " ".join(map(str, self._when(identifier)))


def _edge(
    identifier: str,
    title: str,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    at: float = 0.5,
    width: float = 1.25,
    sign: str = "plain",
    texts: Sequence[Text] = (),
    lit: str = "",
    edits: str = "",
) -> Edge:
    (x1, y1), (x2, y2) = start, end
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    off_x, off_y = RADIUS * (x2 - x1) / length, RADIUS * (y2 - y1) / length
    label = x1 + at * (x2 - x1), y1 + at * (y2 - y1)
    return Edge(
        identifier,
        title,
        x1 + off_x,
        y1 + off_y,
        x2 - off_x,
        y2 - off_y,
        *label,
        width,
        sign,
        texts,
        lit,
        edits,
    )


def _label_at(source: int, inputs: int, outputs: int) -> float:
    """Where along an edge its number stands: where the edges of its layer lie apart."""
    if outputs == 1:
        return 0.42
    if inputs == 1:
        return 0.58
    return 0.26 + 0.48 * source / (inputs - 1)


def _short(written: Mapping[str, Any]) -> str:
    """A number as it fits into a circle: four significant digits."""
    return parameter(written["value"])
