"""What the page on queries shows is read as it says."""

from __future__ import annotations

import re
from pathlib import Path

from service.planning.query.reading import read_filter
from service.planning.query.vocabulary import OF_RUNS, OF_SWEEPS

PAGE = (Path(__file__).parents[2] / "docs/queries.md").read_text()
WORDS = set(re.findall(r"`([a-z_0-9]+)`", PAGE))


def test_every_example_is_a_filter() -> None:
    (block,) = re.findall(r"```\n(.*?)```", PAGE, flags=re.DOTALL)
    for line in block.splitlines():
        assert read_filter(line) is not None


def test_every_attribute_is_named() -> None:
    assert {*OF_RUNS.attributes, *OF_SWEEPS.attributes} <= WORDS


def test_every_name_and_alias_leads_to_a_quantity() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `attributes.NAME`"))
    for name in re.findall(r"`([a-z_0-9]+)`", row):
        assert OF_RUNS.quantity(("attributes", name)).group == "attributes"
