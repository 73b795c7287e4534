"""Reading losses: one run's epochs, many runs' at once, or a sweep's settings as means over their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Integer, column, func, or_, select, values
from sqlalchemy.orm import Session

from core.configuration import varied_part
from service.errors import Fault, InvalidSubmission, NotFound
from service.planning.measurements import COLUMNS, MOST_RECORDED_EPOCHS, SCORES, decode
from service.planning.statuses import Role
from service.store.reduced_losses import counted, reduced_rows
from service.store.schema import ConfigurationRow, LossRow, Run, Sweep

LOSS_COLUMNS = ("epoch", *COLUMNS)
LossValues = list[float | None]  # in the order of LOSS_COLUMNS; None where there is none
_STORED = ("run_id", *LOSS_COLUMNS, "non_finite")


@dataclass(frozen=True, slots=True)
class RunLosses:
    """A run's recorded epochs in their order."""

    run: str
    score: str | None  # accuracy or r2; None for a function
    rows: Sequence[LossValues]


@dataclass(slots=True)
class SettingCurve:
    """One column of one setting, per epoch, over those of its runs that have a finite value there."""

    setting: Mapping[str, object]
    epochs: list[int] = field(default_factory=list)
    mean: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    n: list[int] = field(default_factory=list)


def find_losses(
    session: Session,
    owner_id: int,
    run_ids: Sequence[str],
    *,
    after_epoch: int = 0,
    most: int | None = None,
) -> Sequence[RunLosses]:
    """The losses of several runs, in the order of `run_ids`, without the epochs up to `after_epoch`.

    Of a run with more than `most` rows (10 at least) come as many, by `service.store.reduced_losses`.

    Raises:
        NotFound: the owner does not have one of the runs.
    """
    found = session.execute(
        select(Run.id, Run.public_id, Sweep.task)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Run.public_id.in_(run_ids), Run.owner_id == owner_id)
    ).all()
    runs = {run.public_id: run for run in found}
    for public_id in run_ids:
        if public_id not in runs:
            raise NotFound(f"there is no run {public_id}")
    rows = _rows(session, [run.id for run in found], after_epoch, most)
    return [
        RunLosses(public_id, SCORES.get(runs[public_id].task), rows.get(runs[public_id].id, ()))
        for public_id in run_ids
    ]


def find_settings(
    session: Session, owner_id: int, sweep: str, group_by: Sequence[str] | None
) -> tuple[int, Mapping[int, Mapping[str, object]]]:
    """A sweep's key, and the setting of each configuration of its search in the order of the run numbers.

    A setting is the values of the parameters `group_by`; None stands for all that the sweep varies.

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary.
    """
    found = session.execute(
        select(Sweep.id, Sweep.varied).where(Sweep.public_id == sweep, Sweep.owner_id == owner_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {sweep}")
    names = found.varied if group_by is None else group_by
    faults = [
        Fault("group_by", f"{name!r} does not vary in this sweep", name, ", ".join(found.varied))
        for name in names
        if name not in found.varied
    ]
    if faults:
        raise InvalidSubmission(faults)
    firsts = (
        select(Run.configuration_id, func.min(Run.number).label("first"))
        .where(Run.sweep_id == found.id, Run.role == Role.SEARCH)
        .group_by(Run.configuration_id)
        .subquery()
    )
    documents = session.execute(
        select(ConfigurationRow.id, ConfigurationRow.document)
        .join(firsts, firsts.c.configuration_id == ConfigurationRow.id)
        .order_by(firsts.c.first)
    )
    return found.id, {key: varied_part(document, names) for key, document in documents}


def setting_curves(
    session: Session, sweep_id: int, settings: Sequence[tuple[Mapping[str, object], Sequence[int]]], name: str
) -> Sequence[SettingCurve]:
    """Column `name` of each setting, given as its values and the keys of its configurations."""
    pairs = [(key, place) for place, (_setting, keys) in enumerate(settings) for key in keys]
    curves = [SettingCurve(setting) for setting, _keys in settings]
    if not pairs:
        return curves
    places = (
        values(
            column("configuration_id", Integer), column("place", Integer), name="given", literal_binds=True
        )
        .data(pairs)
        .cte("places")
    )
    value = LossRow.__table__.c[name]
    statement = (
        select(
            places.c.place,
            LossRow.epoch,
            func.avg(value),
            func.min(value),
            func.max(value),
            func.count(value),
        )
        .join(Run, Run.id == LossRow.run_id)
        .join(places, places.c.configuration_id == Run.configuration_id)
        .where(Run.sweep_id == sweep_id, Run.role == Role.SEARCH, _is_of_all_runs())
        .group_by(places.c.place, LossRow.epoch)
        .order_by(places.c.place, LossRow.epoch)
    )
    for place, epoch, mean, low, high, count in session.execute(statement):
        curve = curves[place]
        curve.epochs.append(epoch)
        curve.mean.append(mean)
        curve.low.append(low)
        curve.high.append(high)
        curve.n.append(count)
    return curves


def _is_of_all_runs() -> ColumnElement[bool]:
    """Whether each run with as many epochs records this one, unless it ended before.

    A run's best epoch, and the one in which it was stopped, are its own: above 1,000 epochs a mean at such an
    epoch would be over whoever happens to have a row there.
    """
    stride = (Run.epochs + (MOST_RECORDED_EPOCHS - 1)) // MOST_RECORDED_EPOCHS
    return or_(LossRow.epoch % stride == 0, LossRow.epoch == 1, LossRow.epoch == Run.epochs)


def _rows(
    session: Session, run_keys: Sequence[int], after_epoch: int, most: int | None
) -> dict[int, list[LossValues]]:
    if most is None:
        return _grouped(_whole_rows(session, run_keys, after_epoch))
    spans = counted(session, run_keys, after_epoch)
    long = {run: (first, last) for run, (count, first, last) in spans.items() if count > most}
    short = [run for run in spans if run not in long]
    rows = _whole_rows(session, short, after_epoch) if short else []
    return _grouped([*rows, *(reduced_rows(session, long, most, _STORED) if long else [])])


def _whole_rows(session: Session, run_keys: Sequence[int], after_epoch: int) -> Sequence[Any]:
    losses = LossRow.__table__.c
    statement = (
        select(*(losses[name] for name in _STORED))
        .where(losses.run_id.in_(run_keys), losses.epoch > after_epoch)
        .order_by(losses.run_id, losses.epoch)
    )
    return session.execute(statement).all()


def _grouped(rows: Sequence[Any]) -> dict[int, list[LossValues]]:
    return {key: [_values(row) for row in group] for key, group in groupby(rows, lambda row: row[0])}


def _values(row: Any) -> LossValues:
    if not row[-1]:
        return list(row[1:-1])
    return [row[1], *decode(dict(zip(_STORED, row, strict=True)))]
