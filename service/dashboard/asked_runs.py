"""What a visitor asks of runs: the part of an address that says which, in which order, and what of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict

from service.dashboard.columns import METRICS, Column, choices, columns
from service.dashboard.reading import Document, Reader, Refused

RUNS_SHOWN = 50
OWN_FAULTS = ("filter", "order_by", "cursor")  # of the API's query, which are the visitor's to mend
UNREADABLE = 422


class AskedRuns(BaseModel):
    """A page's query; what is left out is the page's default."""

    model_config = ConfigDict(extra="ignore")  # charts keep what they show in the same address

    filter: str = ""
    order_by: str = ""
    columns: list[str] = []
    cursor: str | None = None

    def address(self, **changes: str | None) -> str:
        """The query of the same page with some of it changed; another question begins at its first page."""
        asked: dict[str, str | None] = {
            "filter": self.filter,
            "order_by": self.order_by,
            "columns": ",".join(self.columns),
            **changes,
        }
        return "?" + urlencode({name: value for name, value in asked.items() if value})

    def turned(self, key: str) -> str:
        """The query that orders by a column: from the smallest, or from the largest if it does already."""
        return self.address(order_by=f"-{key}" if self.order_by == key else key)

    def direction(self, key: str) -> str | None:
        """How a column is sorted, in the words of aria-sort."""
        return {key: "ascending", f"-{key}": "descending"}.get(self.order_by)


class RunsView:
    """A page of runs with how it was asked for, or what was wrong with that."""

    def __init__(
        self,
        asked: AskedRuns,
        shown: Sequence[Column],
        metrics: Sequence[str],
        runs: Document,
        faults: Sequence[Document] = (),
    ) -> None:
        self.asked, self.columns, self.runs, self.faults = asked, shown, runs, faults
        self.choices = choices(shown, metrics)
        self.chosen = {column.key for column in shown}

    @property
    def status(self) -> int:
        """Of the page that shows it."""
        return UNREADABLE if self.faults else 200

    def fault_of(self, name: str) -> Document | None:
        """What is wrong with one field."""
        return fault_of(name, self.faults)

    @classmethod
    async def read(
        cls,
        read: Reader,
        asked: AskedRuns,
        default: Sequence[str],
        *,
        metrics: Sequence[str] = METRICS,
        sweep: str | None = None,
    ) -> Self:
        """Ask the API; what it finds wrong with the question is part of the view.

        Raises:
            Refused: it is not the question that is wrong.
        """
        asked.columns = [key.strip() for part in asked.columns for key in part.split(",")]
        shown = columns(asked.columns, default)
        given = {"filter": asked.filter, "order_by": asked.order_by or None, "cursor": asked.cursor}
        try:
            runs = await read("/runs", {"limit": RUNS_SHOWN, "sweep": sweep, **given})
        except Refused as refused:
            if not (refused.faults and all(_is_own(fault) for fault in refused.faults)):
                raise
            return cls(asked, shown, metrics, {"items": [], "next_cursor": None}, refused.faults)
        for run in runs["items"]:
            run["baseline"] = run["role"] != "search"
        return cls(asked, shown, metrics, runs)


def fault_of(name: str, faults: Sequence[Document]) -> Document | None:
    """The first fault of one field, with the place in it: `at`, where there is one."""
    for fault in faults:
        field, _, place = str(fault["path"]).partition("[")
        if field == name:
            at = place.removesuffix("]")
            return {**fault, "at": int(at) if at.isdecimal() else None}
    return None


def _is_own(fault: Document) -> bool:
    return str(fault["path"]).partition("[")[0] in OWN_FAULTS
