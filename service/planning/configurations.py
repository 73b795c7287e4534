"""A task says which fields a configuration has, how it is completed, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from core.configuration import TASKS, Configuration, canonical_json, configuration_hash, resolve
from core.fields import FIELDS
from core.function_configuration import (
    FUNCTION_FIELDS,
    foreign,
    function_configuration_hash,
    function_json,
    resolve_for_function,
)
from service.planning.plain_text import did_you_mean

FUNCTION = "function"  # the task of a sweep that minimises a function


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the configurations of one task.

    `resolve` raises ConfigurationError with every fault; `canonical` is the JSON that `digest` is a hash of.
    """

    fields: tuple[str, ...]
    resolve: Callable[[Mapping[str, object]], Configuration]
    canonical: Callable[[Configuration], str]
    digest: Callable[[Configuration], str]

    def unknown(self, name: str, aliases: Mapping[str, str]) -> str:
        """What is wrong with a name that is not among the fields."""
        if name in FIELDS:  # of another task: those of networks are all there are
            return foreign(name, None).message
        return f"there is no parameter {name[:100]!r}{did_you_mean(name, (*self.fields, *aliases))}"


RULES: Mapping[str, Rules] = {
    **{
        task: Rules(tuple(FIELDS), partial(resolve, task=task), canonical_json, configuration_hash)
        for task in TASKS
    },
    FUNCTION: Rules(FUNCTION_FIELDS, resolve_for_function, function_json, function_configuration_hash),
}
