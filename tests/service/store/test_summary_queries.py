from __future__ import annotations

import numpy as np
import pytest

from service.errors import InvalidSubmission, NotFound
from service.store.database import Database
from service.store.summary_queries import summary_text, sweep_summary
from tests.service.api import building

TEST_ROWS = 20


def test_a_sweeps_runs_become_outcomes_of_settings(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        counts = {"train": 70, "validation": 10, "test": TEST_ROWS, "resample": True}
        sweep = building.sweep(session, mine, split_counts=counts)
        right = np.arange(TEST_ROWS) % 4 > 0  # 15 of 20, the same ones under every seed
        for seed in range(4):
            for place, rate in enumerate((0.1, 0.2)):
                building.run(
                    session,
                    sweep,
                    1 + place * 4 + seed,
                    learning_rate=rate,
                    seed=seed,
                    state="completed",
                    metrics={
                        "validation_loss": {"last": (0.5 + place) * (1 + seed / 100), "best": 0.1},
                        "test_accuracy": {"last": 0.75},
                        "train_loss": {"last": "Infinity" if place else 0.3},
                        "best_epoch": 3,
                    },
                    test_outcomes=np.packbits(right).tobytes(),
                )
        building.run(session, sweep, 9, learning_rate=0.1, role="linear", state="failed")
        name = sweep.public_id
    with database.read() as session:
        summary, context = sweep_summary(session, mine, name)
        pooled, _context = sweep_summary(session, mine, name, ())
        with pytest.raises(NotFound):
            sweep_summary(session, mine + 1, name)
    assert summary.best is not None
    assert summary.best.setting == {"learning_rate": 0.1}
    assert [(each.runs, each.completed) for each in summary.settings] == [(4, 4), (4, 4)]
    assert summary.test is not None
    # Seeds agree, so only the test rows count: 1.96 times the deviation of 20 zeros and ones over sqrt(20).
    half = 1.96 * np.std(right, ddof=1) / np.sqrt(TEST_ROWS)
    assert summary.test.interval.mean == 0.75
    assert summary.test.interval.low == pytest.approx(0.75 - half)
    assert summary.linear_runs == 1
    assert context.epochs == building.EPOCHS
    assert len(pooled.settings) == 1


def test_the_order_of_what_is_grouped_by_is_the_sweeps(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        sweep = building.sweep(session, mine, varied=["learning_rate", "hidden_layers"])
        building.run(session, sweep, 1, state="completed", validation_loss=0.5)
        name = sweep.public_id
    with database.read() as session:
        text = summary_text(session, mine, name, ("learning_rate", "hidden_layers"))
        assert summary_text(session, mine, name, ("hidden_layers", "learning_rate")) == text
        assert summary_text(session, mine, name, None) == text
        with pytest.raises(InvalidSubmission, match="momentum does not vary"):
            summary_text(session, mine, name, ("momentum", "learning_rate"))
