"""A run over a function has the descent's own settings; those of networks and rows mean nothing to it."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping

from core.configuration import Configuration, canonical_json, resolve
from core.errors import ConfigurationError, FieldFault
from core.fields import FIELDS

# `initial_step_max` is not here: with it first steps are drawn, and nothing of a function is drawn. Penalties
# and decay are not: whoever wants one writes it into the expression.
FUNCTION_FIELDS = (
    "optimizer",
    "learning_rate",
    "learning_rate_schedule",
    "warmup_epochs",
    "step_size",
    "gamma",
    "end_factor",
    "pct_start",
    "div_factor",
    "final_div_factor",
    "momentum",
    "beta1",
    "beta2",
    "epsilon",
    "decay",
    "eta_plus",
    "eta_minus",
    "step_max",
    "step_min",
    "gradient_clip",
    "epochs",
)
# What a configuration must hold beside them; a function uses none of it.
_OF_NETWORKS: Mapping[str, object] = {"hidden_layers": [], "batch_size": "full", "dtype": "float64"}


def resolve_for_function(values: Mapping[str, object]) -> Configuration:
    """Check every field, fill in the defaults and return the complete configuration.

    Raises: ConfigurationError naming all faults at once, as `core.configuration.resolve` does; fields that a
    network has and a function does not use are told apart from unknown ones.
    """
    faults = [foreign(name, value) for name, value in values.items() if name not in FUNCTION_FIELDS]
    own = {name: value for name, value in values.items() if name in FUNCTION_FIELDS}
    try:
        found = resolve({**own, **_OF_NETWORKS}, task="regression")
    except ConfigurationError as error:
        faults += error.faults
    else:
        if not faults:
            return found
    raise ConfigurationError(tuple(faults))


def foreign(name: str, value: object) -> FieldFault:
    """Say why a field is none of a function's: it is one of networks, or there is no such field."""
    allowed = ", ".join(FUNCTION_FIELDS)
    if name in FIELDS:
        return FieldFault(
            name, f"{name} is for networks: a descent on a function does not use it", value, allowed
        )
    nearest = difflib.get_close_matches(name, FUNCTION_FIELDS, n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return FieldFault(name, f"there is no field {name!r}{hint}", value, allowed)


def function_json(configuration: Configuration) -> str:
    """Return those of FUNCTION_FIELDS that are used, as `core.configuration.canonical_json` writes them."""
    whole = json.loads(canonical_json(configuration))
    own = {name: value for name, value in whole.items() if name in FUNCTION_FIELDS}
    return json.dumps(own, sort_keys=True, separators=(",", ":"), allow_nan=False)


def function_configuration_hash(configuration: Configuration) -> str:
    """Return the hexadecimal SHA-256 of `function_json`; a network's never equals it, having layers."""
    return hashlib.sha256(function_json(configuration).encode()).hexdigest()
