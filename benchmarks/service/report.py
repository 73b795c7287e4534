"""A measurement becomes a section: its table, the numbers behind it, and what makes them doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

QUIET = 0.05  # of all cores; above, the notes say that other programs were at work

EXPLANATION = """\
A real site for each measurement: API, Valkey, workers, and a new database. "core" is processor time of the
training process inside core/, without the callback: training, and the networks' answers on the test rows;
"all else" is everything else in that process, from each claim to the population's end, over the core's time,
with what it was spent on beside it; "in wall time" has the waiting for a disk or a server as well. Rows and
speedup are measured from the first claim to the last end. Recovery goes from SIGKILL to the population's next
claim. The death of a training process is seen by its main process, that of a whole worker only when its lease
ends, after 30 s unless set."""


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement; `others` is the share of all cores that other programs took meanwhile."""

    title: str
    table: str
    numbers: Any
    notes: Sequence[str]
    others: float

    def text(self) -> str:
        """The section in Markdown."""
        return f"### {self.title}\n\n{self.table}\n"

    def doubts(self) -> Iterable[str]:
        """What has to be known beside the figures, as list items."""
        yield from (f"- {note}" for note in self.notes)
        if self.others > QUIET:
            yield f"- {self.title}: other programs took {self.others:.0%} of the cores"


def heading(facts: Mapping[str, str]) -> str:
    """Return machine and load, and what the figures mean."""
    return "\n".join([*(f"- {name}: {value}" for name, value in facts.items()), "", EXPLANATION])


def write(path: Path, facts: Mapping[str, str], sections: Sequence[Section]) -> None:
    """Write a page for people and the numbers for programs, under one name."""
    numbers = {
        "machine": facts,
        "sections": {
            section.title: {"others": section.others, "notes": section.notes, "numbers": section.numbers}
            for section in sections
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n")
    doubts = "\n".join(doubt for section in sections for doubt in section.doubts())
    page = ["# The service around the core", heading(facts), *filter(None, [doubts])]
    path.with_suffix(".md").write_text("\n\n".join([*page, *(each.text() for each in sections)]) + "\n")
