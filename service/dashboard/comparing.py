"""Runs side by side: in which parameters they differ, in which they do not, and what was measured of all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.dashboard.columns import METRICS, Column, column
from service.dashboard.reading import Document

MOST = 20
RUN_ID = re.compile(r"r_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs an address names: those to compare, those too many, and what is no identifier."""

    runs: tuple[str, ...]
    too_many: int
    unreadable: tuple[str, ...]


def asked(texts: Iterable[str]) -> Asked:
    """What is asked for by identifiers, separated by commas or given one by one."""
    names = dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip())
    runs = [name for name in names if RUN_ID.fullmatch(name)]
    unreadable = tuple(name for name in names if not RUN_ID.fullmatch(name))
    return Asked(tuple(runs[:MOST]), max(0, len(runs) - MOST), unreadable)


def differing(runs: Sequence[Document]) -> list[Column]:
    """The columns of what is not the same in all runs: the sweep, parameters, and the seed."""
    found = [known for name in _fields(runs) if _differs(runs, name) and (known := column(f"params.{name}"))]
    for key, place in (("seed", len(found)), ("sweep_name", 0)):
        of = "sweep" if key == "sweep_name" else key
        if len({run[of] for run in runs}) > 1 and (known := column(key)):
            found.insert(place, known)
    return found


def equal(runs: Sequence[Document]) -> dict[str, object]:
    """The parameters that all runs have alike, by name."""
    names = [name for name in _fields(runs) if not _differs(runs, name)]
    return {name: runs[0]["configuration"][name] for name in names}


def measured(runs: Sequence[Document]) -> list[Column]:
    """The metrics that at least one of the runs has, as at its last epoch; test metrics are not compared."""
    names = [name for name in METRICS if any(name in run["metrics"] for run in runs)]
    return [known for name in names if (known := column(f"metrics.{name}"))]


def _fields(runs: Sequence[Document]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run["configuration"]))


def _differs(runs: Sequence[Document], name: str) -> bool:
    # A field that a configuration does not use differs from every value of it, `null` too.
    written = {
        json.dumps(run["configuration"][name], sort_keys=True) if name in run["configuration"] else ""
        for run in runs
    }
    return len(written) > 1
