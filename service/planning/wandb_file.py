"""A sweep file of Weights & Biases is taken as it is; what has no meaning here is ignored, and told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OF_ITS_AGENTS = "Backsweep starts its own workers"
IGNORED: Mapping[str, str] = {
    "program": _OF_ITS_AGENTS,
    "command": _OF_ITS_AGENTS,
    "project": "results stay with the sweep",
    "entity": "results stay with the sweep",
    "job": _OF_ITS_AGENTS,
    "image_uri": _OF_ITS_AGENTS,
    "imports": _OF_ITS_AGENTS,
    "controller": _OF_ITS_AGENTS,
    "settings": _OF_ITS_AGENTS,
    "early_terminate": "no run is stopped by comparison with others; patience stops a run by itself",
}
IGNORED_OF_METRICS: Mapping[str, str] = {
    "target": "no sweep ends before its last run",
    "impute": "a run that diverged counts as worst",
    "impute_while_running": "a run counts once it has ended",
}


def without_foreign(document: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The document without what is ignored, and a sentence for each part."""
    sent = {name: value for name, value in document.items() if name not in IGNORED}
    warnings = [f"{name} is ignored: {why}" for name, why in IGNORED.items() if name in document]
    metric = sent.get("metric")
    if isinstance(metric, dict):
        sent["metric"] = {name: value for name, value in metric.items() if name not in IGNORED_OF_METRICS}
        warnings += [
            f"metric.{name} is ignored: {why}" for name, why in IGNORED_OF_METRICS.items() if name in metric
        ]
    if "description" in sent and not sent.get("notes"):
        sent["notes"] = sent.pop("description")
    return sent, warnings
