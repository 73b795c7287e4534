"""A trace told moment by moment: forward, the five steps backward, and forward again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]
FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True, slots=True)
class Equation:
    """A formula, the numbers put in, and the result as people read it."""

    formula: str
    substituted: str
    shown: str
    exact: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """What happens at once: `lit` are the ids of units and parameters that it is about."""

    step: str  # as the article counts: "Forward", "Step 1" and so on
    title: str
    text: str
    flow: str
    equations: Sequence[Equation]
    lit: frozenset[str]


def moments(trace: Document) -> list[Moment]:
    """Every moment of a trace's first step, in order."""
    return [_beginning(trace), *_forward(trace), *_backward(trace), _again(trace)]


def ids_by_name(trace: Document) -> dict[str, str]:
    """The id of each unit by its name, such as `layers.0.sums.0` of `a0`."""
    return {unit["name"]: unit["id"] for stage in trace["stages"] for unit in stage["units"]}


def _beginning(trace: Document) -> Moment:
    inputs = trace["stages"][0]["units"]
    text = "The inputs are set. Every weight and bias is as it was; nothing else is known yet."
    lit = frozenset(unit["id"] for unit in inputs)
    return Moment("Before", "The network and one example", text, FORWARD, [], lit)


def _forward(trace: Document) -> Iterator[Moment]:
    weights = [(each["id"], each["layer"]) for each in trace["parameters"]]
    for layer in trace["forward"]["layers"]:
        number = layer["layer"]
        own = {identifier for identifier, of in weights if of == number}
        name = f"layer {number + 1}"
        text = "Every input times its weight, added up, and the bias with them."
        yield _moment("Forward", f"The sums of {name}", text, FORWARD, layer["sums"], own)
        function = layer["function"]
        text = f"The activation ({function}) of each sum, and nothing else: it has no parameters."
        yield _moment("Forward", f"The outputs of {name}", text, FORWARD, layer["outputs"], set())
    text = (
        "How far the outputs are from what was expected, as one number: the mean of the squared differences."
    )
    yield _moment("Forward", "The error", text, FORWARD, [trace["forward"]["error"]], {"E"})


def _backward(trace: Document) -> Iterator[Moment]:
    names = ids_by_name(trace)
    for step in trace["steps"]:
        if step["number"] <= 4:
            yield _step_back(names, step, f"Step {step['number']}")
        for again in step.get("rounds", []):
            for inner in again["steps"]:
                yield _step_back(names, inner, f"Step 5 · {inner['number']}")


def _step_back(names: Mapping[str, str], step: Document, label: str) -> Moment:
    about = set()
    for each in step["entries"]:
        if each["id"] is None:
            name = each["name"].removeprefix("dE/d") if each["kind"] == "derivative" else each["name"][3:-1]
            about.add(names[name])
    title = f"{step['title']}, layer {step['layer'] + 1}" if label.startswith("Step 5") else step["title"]
    return _moment(label, title, step["text"], BACKWARD, step["entries"], about)


def _again(trace: Document) -> Moment:
    after = trace["forward_after"]
    layers = [entry for layer in after["layers"] for entry in (*layer["sums"], *layer["outputs"])]
    before, now = trace["loss"]["before"], trace["loss"]["after"]
    text = f"The same example, the new weights: E was {before['shown']}, and is {now['shown']}."
    return _moment("Again", "Forward once more", text, FORWARD, [*layers, after["error"]], {"E"})


def _moment(
    step: str, title: str, text: str, flow: str, entries: Sequence[Document], also: set[str]
) -> Moment:
    equations = [_equation(entry) for entry in entries]
    lit = {entry["id"] for entry in entries if entry["id"] is not None} | also
    return Moment(step, title, text, flow, equations, frozenset(lit))


def _equation(entry: Document) -> Equation:
    put, result = entry["examples"][0], entry["result"]
    return Equation(entry["formula"], put["substituted"], result["shown"], result["exact"])
