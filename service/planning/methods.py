"""How a space can be searched, and what of a submission belongs to one method alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.fields import RANGE_TEST
from service.errors import Fault
from service.planning.plain_text import did_you_mean

METHODS = ("grid", "random", RANGE_TEST)
MAX_DRAWS = 100_000
# W&B's, and why there is none here.
REFUSED = {
    "bayes": "bayes search is not offered: where to look next would depend on which runs end first, and no "
    "sweep could be repeated",
    "custom": "custom search is not offered: it runs a program of its own",
}


def method_faults(method: object) -> list[Fault]:
    """What is wrong with the name of a method."""
    if method in METHODS:
        return []
    if isinstance(method, str) and method in REFUSED:
        message = REFUSED[method]
    elif isinstance(method, str):
        message = f"{method[:100]!r} is no search method{did_you_mean(method, METHODS)}"
    else:
        message = "is not text"
    return [Fault("method", message, method, ", ".join(METHODS))]


def faults_beside(sent: Mapping[str, Any]) -> list[Fault]:
    """What does not go with the method of a submission, or is missing for it."""
    method = sent.get("method", "grid")
    found = []
    if method == "random" and sent.get("run_cap") is None:
        message = "is missing: a random search draws as many configurations"
        found.append(Fault("run_cap", message, None, f"a whole number from 1 to {MAX_DRAWS:,}"))
    if method != "random" and sent.get("search_seed") is not None:
        message = "belongs to a random search; nothing else is drawn"
        found.append(
            Fault("search_seed", message, sent["search_seed"], 'nothing here, or "method": "random"')
        )
    return found
