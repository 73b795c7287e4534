"""One step of backpropagation written out: every value, derivative, gradient, update and path."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction

from core.tracing.descent import Step, first_step, later_losses
from core.tracing.document import CONVENTIONS, names_document, parameters_document, stages_document
from core.tracing.examples import read_examples
from core.tracing.names import Names
from core.tracing.network import TracedLayer, TracedNetwork
from core.tracing.notes import notes
from core.tracing.numbers import ALLOWED, Number, read, shortened, written
from core.tracing.path_lists import LISTED_PATHS, PATH_LIMIT, path_document
from core.tracing.paths import Parameter, all_parameters
from core.tracing.propagation import forward_document
from core.tracing.reading import Faults, network_of_run, read_network
from core.tracing.steps import Writer

__all__ = ["Trace", "TracedLayer", "TracedNetwork", "network_of_run", "read_network", "trace"]

MAX_STEPS = 100
MAX_LEARNING_RATE = 10**6
# Parameters x examples x steps: a second or two.
MAX_WORK = 1_000_000


@dataclass(frozen=True)
class Trace:
    """One step, and the losses of as many as were asked for.

    All numbers are fractions where `step.reason` is None, and float64 otherwise; fractions turn into float64
    among the losses once they are too long.
    """

    step: Step
    losses: tuple[Number, ...]  # before the first step, after it, after the second and so on
    path_limit: int
    paths_of: AbstractSet[Parameter] | None

    def document(self) -> dict[str, object]:
        """Return the trace as JSON-able data; every number is {"value", "exact", "shown"}."""
        before, rate, after = self.step.before, self.step.learning_rate, self.step.network
        network, names = before.network, Names(before.network)
        return {
            "configuration": {
                "sizes": list(network.sizes),
                "activations": [layer.activation for layer in network.layers],
                "loss": network.loss,
                "learning_rate": written(rate),
                "parameters": network.parameters,
                "examples": len(before.examples),
                "steps": len(self.losses) - 1,
                "arithmetic": "exact fractions" if self.step.reason is None else "float64",
                "arithmetic_reason": self.step.reason,
            },
            "conventions": CONVENTIONS,
            "names": names_document(names),
            "targets": [[written(target) for target in example.targets] for example in before.examples],
            "stages": stages_document(before, names),
            "forward": forward_document(network, names, before.examples, before.values),
            "steps": Writer(before, names, rate, after).steps(),
            "parameters": parameters_document(before, names, rate, after),
            "forward_after": forward_document(after, names, before.examples, self.step.values),
            "loss": {"before": written(self.losses[0]), "after": written(self.losses[1])},
            "losses": [written(loss) for loss in self.losses],
            "paths": path_document(before, names, self.path_limit, self.paths_of),
            "notes": notes(before, names, self.losses),
        }


def trace(
    network: TracedNetwork,
    inputs: object,
    targets: object,
    learning_rate: object,
    *,
    steps: int = 1,
    path_limit: int = PATH_LIMIT,
    paths_of: Sequence[str] | None = None,
) -> Trace:
    """Take one step of gradient descent on all examples at once, and then as many more as `steps` says.

    `inputs` has a row for each example; `targets` has a row for each under mse, a class index under
    cross_entropy. `path_limit` bounds the paths listed for each parameter and example, and `paths_of` (names
    or ids) says for which parameters; a document lists no more than LISTED_PATHS in all.

    Raises: ConfigurationError naming every fault.
    """
    found = Faults()
    examples = read_examples(network, inputs, targets, found)
    rate = _read_rate(learning_rate, found)
    steps = found.whole_number("steps", steps, 1, MAX_STEPS)
    path_limit = found.whole_number("path_limit", path_limit, 0, LISTED_PATHS)
    chosen = _read_parameters(network, paths_of, found)
    work = network.parameters * len(examples)
    if work * steps > MAX_WORK:
        message = f"{network.parameters} parameters, {len(examples)} examples and {steps} steps are too much"
        found.add("steps", message, steps, f"at most {MAX_WORK // work} with these parameters and examples")
    found.end()
    step = first_step(network, examples, rate)
    losses = (step.before.loss, step.loss, *later_losses(step, steps - 1))
    return Trace(step, losses, path_limit, chosen)


def _read_rate(value: object, found: Faults) -> Fraction:
    allowed = f"above 0 and at most {MAX_LEARNING_RATE:,}"
    try:
        rate = read(value)
    except ValueError as error:
        found.add("learning_rate", str(error), value, f"{ALLOWED}; {allowed}")
        return Fraction(1)
    if not 0 < rate <= MAX_LEARNING_RATE:
        found.add("learning_rate", f"{shortened(value)} is out of range", value, allowed)
    return rate


def _read_parameters(
    network: TracedNetwork, chosen: Sequence[str] | None, found: Faults
) -> AbstractSet[Parameter] | None:
    if chosen is None:
        return None
    names = Names(network)
    known: dict[str, Parameter] = {}
    for parameter in all_parameters(network):
        known[names.name(parameter)] = known[names.id(parameter)] = parameter
    first = next(iter(known))
    parameters = set()
    for place, name in enumerate(found.items("paths_of", chosen, 0, len(known), "names")):
        if isinstance(name, str) and name in known:
            parameters.add(known[name])
        else:
            allowed = f"the name or id of a parameter, such as {first}"
            found.add(f"paths_of.{place}", f"there is no parameter {shortened(name)}", name, allowed)
    return parameters
