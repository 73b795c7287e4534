"""Reading curves: a sweep's settings per epoch, as means over their runs with the lowest and the highest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Integer, column, func, or_, select, values
from sqlalchemy.orm import Session

from core.configuration import varied_part
from service.errors import Fault, InvalidSubmission, NotFound
from service.planning.measurements import MOST_RECORDED_EPOCHS
from service.planning.statuses import Role
from service.store.gathered import Arrays, find_gathered
from service.store.schema import LossRow, Run, Sweep
from service.store.sweep_configurations import search_configurations


class SweepSettings(NamedTuple):
    """A sweep's key; by the key of a configuration its setting, and how many epochs its runs have had."""

    sweep: int
    settings: Mapping[int, Mapping[str, object]]
    epochs: Mapping[int, int]


@dataclass(slots=True)
class SettingCurve:
    """One column of one setting, per epoch, over those of its runs that have a finite value there."""

    setting: Mapping[str, object]
    epochs: list[int] = field(default_factory=list)
    mean: list[float | None] = field(default_factory=list)
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    n: list[int] = field(default_factory=list)

    def thinned(self, most: int) -> SettingCurve:
        """At most so many epochs: of each stretch the last, with the stretch's lowest and highest value."""
        count = len(self.epochs)
        if count <= most:
            return self
        ends = [count * (stretch + 1) // most for stretch in range(most)]
        stretches = [slice(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]
        lows = [[value for value in self.low[each] if value is not None] for each in stretches]
        highs = [[value for value in self.high[each] if value is not None] for each in stretches]
        return SettingCurve(
            self.setting,
            epochs=[self.epochs[end - 1] for end in ends],
            mean=[self.mean[end - 1] for end in ends],
            low=[min(found, default=None) for found in lows],
            high=[max(found, default=None) for found in highs],
            n=[self.n[end - 1] for end in ends],
        )


def find_settings(
    session: Session,
    owner_id: int,
    sweep: str,
    group_by: Sequence[str] | None,
    hashes: Sequence[str] | None = None,
) -> SweepSettings:
    """The setting of each configuration of a sweep's search, in the order of the run numbers.

    A setting is the values of the parameters `group_by`; None stands for all that the sweep varies. With
    `hashes` come only the configurations that have one of these.

    Raises:
        NotFound: the owner has no such sweep.
        InvalidSubmission: `group_by` names what does not vary, or a hash is of no configuration there.
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
    rows = search_configurations(session, found.id, hashes)
    known = {row.hash for row in rows}
    unknown = [
        Fault("configurations", "is no configuration of this search", digest, "hashes of the summary")
        for digest in hashes or ()
        if digest not in known
    ]
    if unknown:
        raise InvalidSubmission(unknown)
    settings = {row.key: varied_part(row.document, names) for row in rows}
    return SweepSettings(found.id, settings, {row.key: row.epochs for row in rows})


def setting_curves(
    session: Session, sweep_id: int, settings: Sequence[tuple[Mapping[str, object], Sequence[int]]], name: str
) -> Sequence[SettingCurve]:
    """Column `name` of each setting, given as its values and the keys of its configurations."""
    gathered = find_gathered(session, sweep_id, name)
    if gathered is not None:
        return [_from_arrays(setting, gathered, keys) for setting, keys in settings]
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
        .where(Run.sweep_id == sweep_id, Run.role == Role.SEARCH, is_of_all_runs())
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


def _from_arrays(setting: Mapping[str, object], arrays: Arrays, keys: Sequence[int]) -> SettingCurve:
    """The curve of a setting's configurations, from what `service.store.gathering` keeps."""
    known = arrays["configurations"]
    rows = np.searchsorted(known, keys)
    rows = rows[(rows < len(known)) & (known[np.minimum(rows, len(known) - 1)] == keys)]
    there = arrays["there"][rows].any(axis=0)
    n = arrays["n"][rows][:, there].sum(axis=0)
    sums = np.nan_to_num(arrays["sum"][rows][:, there], nan=0.0, posinf=np.inf, neginf=-np.inf).sum(axis=0)
    low = np.fmin.reduce(arrays["low"][rows][:, there], axis=0, initial=np.nan)
    high = np.fmax.reduce(arrays["high"][rows][:, there], axis=0, initial=np.nan)
    mean = np.divide(sums, n, out=np.full_like(sums, np.nan), where=n > 0)
    return SettingCurve(
        setting,
        arrays["epochs"][there].tolist(),
        _known(mean),
        _known(low),
        _known(high),
        n.astype(np.int64).tolist(),
    )


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def is_of_all_runs() -> ColumnElement[bool]:
    """Whether each run with as many epochs records this one, unless it ended before.

    A run's best epoch, and the one in which it was stopped, are its own: above 1,000 epochs a mean at such an
    epoch would be over whoever happens to have a row there.
    """
    step = (Run.epochs + (MOST_RECORDED_EPOCHS - 1)) // MOST_RECORDED_EPOCHS
    return or_(LossRow.epoch % step == 0, LossRow.epoch == 1, LossRow.epoch == Run.epochs)
