from __future__ import annotations

import math
import statistics

import pytest

from service.errors import InvalidSubmission, NotFound
from service.store.curve_queries import find_settings, setting_curves
from service.store.database import Database
from service.store.loss_queries import LOSS_COLUMNS, find_losses
from service.store.schema import LossRow
from tests.service.api import building


def test_what_was_measured_comes_back_bit_for_bit(database: Database) -> None:
    values = [0.1, 5e-324, 1.7976931348623157e308, -0.0, None, math.nan, math.inf, -math.inf]
    with database.write() as session:
        mine = building.owner(session, "me")
        run = building.run(session, building.sweep(session, mine, task="regression"), 1)
        building.losses(session, run, values)
        name = run.public_id
    with database.read() as session:
        (found,) = find_losses(session, mine, [name])
    assert (found.run, found.score) == (name, "r2")
    assert [row[0] for row in found.rows] == list(range(1, 9))
    assert all(len(row) == len(LOSS_COLUMNS) for row in found.rows)
    assert building.same_numbers([row[3] for row in found.rows], values)
    assert [row[1] for row in found.rows] == [0.5 / epoch for epoch in range(1, 9)]


def test_the_losses_of_several_runs_keep_the_order_asked_for(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        sweep = building.sweep(session, mine)
        runs = [building.run(session, sweep, number) for number in (1, 2, 3)]
        for run in runs[:2]:
            building.losses(session, run, [1.0, 2.0, 3.0])
        names = [run.public_id for run in runs]
    with database.read() as session:
        found = find_losses(session, mine, names[::-1], after_epoch=1)
        assert [(losses.run, len(losses.rows)) for losses in found] == [
            (names[2], 0),
            (names[1], 2),
            (names[0], 2),
        ]
        assert find_losses(session, mine, names, after_epoch=2**31 - 1)[0].rows == ()
        with pytest.raises(NotFound):
            find_losses(session, mine + 1, names)


def test_curves_pool_the_configurations_of_a_setting(database: Database) -> None:
    losses = {0.1: [[1.0, 0.5], [2.0]], 0.2: [[4.0, 0.25], [math.nan, 0.75]]}
    with database.write() as session:
        mine = building.owner(session, "me")
        sweep = building.sweep(session, mine)
        number = 0
        for rate, runs in losses.items():
            for values in runs:
                number += 1
                building.losses(session, building.run(session, sweep, number, learning_rate=rate), values)
        building.losses(session, building.run(session, sweep, 9, learning_rate=0.1, role="linear"), [99.0])
        name = sweep.public_id
    with database.read() as session:
        key, settings, _epochs = find_settings(session, mine, name, None)
        assert list(settings.values()) == [{"learning_rate": 0.1}, {"learning_rate": 0.2}]
        first, second = settings
        curves = setting_curves(session, key, [({}, [first, second]), ({"other": 1}, [])], "validation_loss")
        assert setting_curves(session, key, [], "validation_loss") == []
    assert [curve.setting for curve in curves] == [{}, {"other": 1}]
    pooled, nothing = curves
    assert pooled.epochs == [1, 2]
    assert pooled.mean == pytest.approx([(1 + 2 + 4) / 3, (0.5 + 0.25 + 0.75) / 3])
    assert (pooled.low, pooled.high, pooled.n) == ([1.0, 0.25], [4.0, 0.75], [3, 3])
    assert (nothing.epochs, nothing.mean) == ([], [])


@pytest.mark.parametrize("group_by", [None, ("learning_rate",), ()])
def test_a_curve_is_the_mean_of_what_python_would_average(
    database: Database, group_by: tuple[str, ...] | None
) -> None:
    losses = {0.1: [1.0, 0.3], 0.2: [0.7, 0.2]}
    with database.write() as session:
        mine = building.owner(session, "me")
        sweep = building.sweep(session, mine)
        for number, (rate, values) in enumerate(losses.items(), start=1):
            building.losses(session, building.run(session, sweep, number, learning_rate=rate), values)
        name = sweep.public_id
    with database.read() as session:
        key, settings, _epochs = find_settings(session, mine, name, group_by)
        if group_by == ():
            (curve,) = setting_curves(session, key, [({}, list(settings))], "validation_loss")
            expected = [list(pair) for pair in zip(*losses.values(), strict=True)]
        else:
            given = [(setting, [which]) for which, setting in settings.items()]
            curve = setting_curves(session, key, given, "validation_loss")[1]
            expected = [[value] for value in losses[0.2]]
    assert curve.mean == pytest.approx([statistics.fmean(values) for values in expected], rel=1e-15)
    assert curve.low == [min(values) for values in expected]
    assert curve.high == [max(values) for values in expected]
    assert curve.n == [len(values) for values in expected]


def test_settings_are_of_what_varies_in_a_sweep_of_the_owner(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        name = building.sweep(session, mine).public_id
    with database.read() as session:
        with pytest.raises(NotFound):
            find_settings(session, mine + 1, name, None)
        with pytest.raises(InvalidSubmission, match="'momentum' does not vary"):
            find_settings(session, mine, name, ("learning_rate", "momentum"))


def test_rows_that_only_single_runs_have_are_part_of_no_mean(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        sweep = building.sweep(session, mine)
        for number, best in enumerate((3, 5), start=1):
            run = building.run(session, sweep, number, learning_rate=0.1)
            run.epochs = 1_500  # of which every second is recorded
            session.flush()
            measured = dict.fromkeys((1, 2, 4, 6), 1.0) | {best: 0.0}
            session.add_all(
                LossRow(run_id=run.id, epoch=epoch, validation_loss=loss) for epoch, loss in measured.items()
            )
        name = sweep.public_id
    with database.read() as session:
        key, settings, _epochs = find_settings(session, mine, name, None)
        (curve,) = setting_curves(session, key, [({}, list(settings))], "validation_loss")
    assert (curve.epochs, curve.mean, curve.n) == ([1, 2, 4, 6], [1.0] * 4, [2] * 4)
