"""A range test tries rates from min to max in turn, one at each step, in place of training with one rate.

`learning_rate` says which: `{"min": 1e-6, "max": 10, "count": 1000}`, of which everything may be left out.
Other parameters vary as in a grid, and each of their combinations is tested with every seed. What comes of it
is a screening (rule R11 of the documentation's page on statistics), and no comparison: nothing is validated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.fields import FIELDS, RANGE_TEST, RPROP_FAMILY
from core.fields.schedule import SCHEDULE
from service.errors import Fault
from service.planning.plain_text import did_you_mean
from service.planning.strict_json import member

METRIC = "train_loss"
DEFAULTS: Mapping[str, float] = {"min": 1e-6, "max": 10.0, "count": 1_000}
STEPS = (100, 10_000)  # so that a smoothed loss, which looks back over some fifty steps, says something
MOST_TIMES = 1e12  # the last rate over the first
NAMES = ("learning_rate", "lr")
_OF_SCHEDULES = tuple(field.name for field in SCHEDULE)


def read(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The parameters of the grid that a range test is, and what is wrong with those that were sent."""
    faults = [
        Fault(member("parameters", name), _why_not(name), parameters[name], "nothing here")
        for name in (*_OF_SCHEDULES, "epochs")
        if name in parameters
    ]
    kept = {name: spec for name, spec in parameters.items() if name not in (*NAMES, *_OF_SCHEDULES, "epochs")}
    asked = [name for name in NAMES if name in parameters]
    if len(asked) > 1:
        message = "learning_rate is given twice, under two names"
        return kept, [*faults, Fault(member("parameters", asked[1]), message, None, "one of the two")]
    path = member("parameters", asked[0]) if asked else "parameters.learning_rate"
    spec = parameters[asked[0]] if asked else {}
    wrong = list(_rate_faults(spec, path))
    if wrong:
        return kept, faults + wrong
    first, last, count = (spec.get(name, default) for name, default in DEFAULTS.items())
    course = {
        "learning_rate": last,
        "learning_rate_schedule": RANGE_TEST,
        "div_factor": last / first,
        "epochs": count,
    }
    return {**kept, **course}, faults


def optimizer_faults(values: tuple[object, ...], path: str) -> Iterator[Fault]:
    """Optimizers that keep a step for each weight have no rate that could be raised."""
    for name in values:
        if name in RPROP_FAMILY:
            yield Fault(path, f"{name} has no learning rate that could be raised", name, "another optimizer")


def completed(sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[str], list[Fault]]:
    """A submission with what a range test has in place of a search, what was ignored, and what is wrong."""
    faults, warnings = [], []
    if sent.get("function") is not None:
        message = "a range test looks at the losses of batches, and a function has none"
        faults.append(Fault("method", message, RANGE_TEST, "grid, random"))
    if sent.get("keep_weights") not in (None, "none"):
        message = "the weights of a range test are what too high a rate left of them"
        faults.append(Fault("keep_weights", message, sent["keep_weights"], "none"))
    if "metric" in sent:
        warnings.append("metric is ignored: a range test looks at training losses, and compares no settings")
    if sent.get("baselines"):
        warnings.append("baselines is ignored: a range test compares no settings")
    fixed = {"metric": {"name": METRIC}, "keep_weights": "none", "baselines": False}
    return {**sent, **fixed}, warnings, faults


def _why_not(name: str) -> str:
    if name == "epochs":
        return "a range test takes one step for each rate: learning_rate.count says how many"
    return f"a range test has its own schedule, and no {name}"


def _rate_faults(spec: object, path: str) -> Iterator[Fault]:
    written = '{"min": 1e-6, "max": 10, "count": 1000}, of which everything may be left out'
    if not isinstance(spec, dict):
        yield Fault(path, "a range test needs the ends of a range, not a rate", spec, written)
        return
    for name in spec:
        if name not in (*DEFAULTS, "distribution"):
            message = f"does not belong to the rates of a range test{did_you_mean(name, DEFAULTS)}"
            yield Fault(member(path, name), message, spec[name], written)
    if spec.get("distribution", "log_uniform_values") != "log_uniform_values":
        message = "the rates of a range test are at equal ratios"
        yield Fault(member(path, "distribution"), message, spec["distribution"], "log_uniform_values")
    field = FIELDS["learning_rate"]
    ends = []
    for name in ("min", "max"):
        try:
            ends.append(field.parse(spec.get(name, DEFAULTS[name])))
        except ValueError as error:
            yield Fault(member(path, name), str(error), spec.get(name), field.allowed)
    if len(ends) == 2 and not 1.0 < ends[1] / ends[0] <= MOST_TIMES:  # type: ignore[operator]
        allowed = f"above min, and at most {MOST_TIMES:g} times it"
        yield Fault(member(path, "max"), "does not go with min", spec.get("max"), allowed)
    count, (least, most) = spec.get("count", DEFAULTS["count"]), STEPS
    if isinstance(count, bool) or not isinstance(count, int) or not least <= count <= most:
        allowed = f"a whole number from {least} to {most:,}"
        yield Fault(member(path, "count"), "is no number of steps that says something", count, allowed)
