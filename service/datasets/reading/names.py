"""Columns get names that a submission can use; what was repaired is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from service.datasets.remarks import Remark


def repaired(titles: Sequence[str]) -> tuple[tuple[str, ...], list[Remark]]:
    """Every title once: an empty one becomes `column_3`, the second `x` becomes `x_2`."""
    taken = set(titles)
    names: list[str] = []
    remarks: list[Remark] = []
    seen: Counter[str] = Counter()
    for number, title in enumerate(titles, start=1):
        name = title
        seen[title] += 1
        if not title:
            name = _free(f"column_{number}", taken)
            message = f"column {number} has no name; it is called {name!r}"
            remarks.append(Remark("nameless", name, message))
        elif seen[title] > 1:
            name = _free(f"{title}_{seen[title]}", taken)
            message = f"column {number} is another {title!r}; it is called {name!r}"
            remarks.append(Remark("duplicate_name", name, message))
        taken.add(name)
        names.append(name)
    return tuple(names), remarks


def _free(wanted: str, taken: set[str]) -> str:
    while wanted in taken:
        wanted += "_"
    return wanted
