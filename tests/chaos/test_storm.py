"""A real site under random faults loses nothing, and what it stores has the bits of a quiet run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.chaos.history import StoredSweep
from tests.chaos.storm import SHARES, SHARES_OF_POSTGRES, storm, undisturbed
from tests.servers.missing import unavailable
from tests.servers.postgres import NoPostgres, running_postgres

LONGEST_GAP = 0.6  # seconds between two faults at most; their own time comes on top


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, StoredSweep]:
    """The clients' sweeps as they end where nothing goes wrong."""
    return undisturbed(tmp_path_factory.mktemp("quiet"))


def test_nothing_is_lost_on_sqlite(tmp_path: Path, quiet: Mapping[str, StoredSweep]) -> None:
    report = storm(tmp_path, quiet, SHARES, seed=1, longest_gap=LONGEST_GAP)
    print(report)
    assert not report.wrong
    assert len(report.strikes) == sum(SHARES.values())


def test_nothing_is_lost_on_postgresql(tmp_path: Path, quiet: Mapping[str, StoredSweep]) -> None:
    try:
        with running_postgres(durable=True) as server:
            report = storm(
                tmp_path, quiet, SHARES_OF_POSTGRES, seed=2, longest_gap=LONGEST_GAP, postgres=server
            )
    except NoPostgres as reason:
        unavailable("a PostgreSQL server", str(reason))
    print(report)
    assert not report.wrong
    assert len(report.strikes) == sum(SHARES_OF_POSTGRES.values())
