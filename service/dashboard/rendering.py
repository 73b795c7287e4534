"""Jinja2 templates with escaping always on, and the formats that they share with the modules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, reduce
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.dashboard import assets, formatting, wording
from service.dashboard.learn.mathml import mathml
from service.dashboard.policy import PAGE_HEADERS
from service.dashboard.sparkline import sparkline, sparkline_label
from service.planning.query.writing import tag_condition

TEMPLATES = Path(__file__).parent / "templates"
STATES = ("completed", "running", "paused", "pruned", "diverged", "failed", "canceled", "queued")
NAVIGATION = (  # section, label, address
    ("sweeps", "Sweeps", "/sweeps"),
    ("runs", "Runs", "/runs"),
    ("datasets", "Datasets", "/datasets"),
    ("learn", "Learn", "/learn"),
    ("system", "System", "/system"),
)
BEHAVIOURS = re.compile(r'data-behaviour="([a-z -]+)"')
FORMATS = {
    "text": lambda raw: "" if raw is None else str(raw),
    "number": formatting.number,
    "parameter": formatting.parameter,
    "percent": formatting.percent,
    "interval": formatting.interval,
    "number_interval": formatting.interval,
    "percent_interval": formatting.percent_interval,
    "at_most": formatting.at_most,
    "count": formatting.count,
    "duration": formatting.duration,
    "instant": formatting.instant,
}


def page(template: str, context: Mapping[str, object], *, status: int = 200) -> HTMLResponse:
    """A complete page, with the policy that it lives under."""
    content = _environment().get_template(template).render(now=datetime.now(UTC), **context)
    return HTMLResponse(_preloading(content), status_code=status, headers=dict(PAGE_HEADERS))


def _preloading(content: str) -> str:
    """Name the modules of a page in its head: a browser learns of each only from its importer."""
    behaviours = {name for names in BEHAVIOURS.findall(content) for name in names.split()}
    addresses = (assets.url(path) for path in assets.modules_behind(behaviours))
    links = "".join(f'<link rel="modulepreload" href="{address}">\n' for address in addresses)
    return content.replace("</head>", f"{links}</head>", 1)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,  # a mistyped name fails in a test instead of showing nothing
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "url": assets.url,
        "STATES": STATES,
        "NAVIGATION": NAVIGATION,
    }
    environment.filters |= {
        "at": _at,
        "age": formatting.age,
        "clauses": wording.clauses,
        "formatted": _formatted,
        "tight": wording.tight,
        "label": wording.label,
        "mathml": mathml,
        "number": formatting.number,
        "parameter": formatting.parameter,
        "score": formatting.score,
        "setting": wording.setting,
        "sparkline": sparkline,
        "sparkline_label": sparkline_label,
        "tag_condition": tag_condition,
    }
    return environment


def _at(record: object, path: str) -> Any:
    """What lies at a dotted path, as `metrics.train_loss.last` or `layers.0`; None where nothing does."""

    def step(found: object, name: str) -> object:
        if isinstance(found, list):
            return found[int(name)] if name.isdecimal() and int(name) < len(found) else None
        return found.get(name) if isinstance(found, Mapping) else None

    return reduce(step, path.split("."), record)


def _formatted(raw: object, form: str) -> str:
    return FORMATS[form](raw)
