"""Reading what each recorded epoch of a run did to each of its layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.arrays import Float64Array
from service.errors import NotFound
from service.planning.layer_records import LAYER_COLUMNS, unpack
from service.planning.measurements import is_recorded
from service.store.schema import LayerRow, Run


@dataclass(frozen=True, slots=True)
class RunLayers:
    """A run's recorded epochs in their order.

    Shapes:
        values  (epochs, LAYER_COLUMNS, layers)
    """

    run: str
    epochs: list[int]
    values: Float64Array


def find_layers(session: Session, owner_id: int, public_id: str, *, after_epoch: int = 0) -> RunLayers:
    """The layer statistics of a run, without the epochs up to `after_epoch`.

    Raises:
        NotFound: the owner has no such run.
    """
    run = session.execute(
        select(Run.id, Run.epoch, Run.epochs).where(Run.public_id == public_id, Run.owner_id == owner_id)
    ).one_or_none()
    if run is None:
        raise NotFound(f"there is no run {public_id}")
    rows = session.execute(
        select(LayerRow.content, LayerRow.layers, LayerRow.item_bytes)
        .where(LayerRow.run_id == run.id)
        .order_by(LayerRow.epoch)
    ).all()
    epochs: list[int] = []
    values: list[Float64Array] = []
    for row in rows:
        records = unpack(*row)
        shown = [
            place
            for place, epoch in enumerate(records["epoch"].tolist())
            if epoch > after_epoch and (is_recorded(epoch, run.epochs) or epoch == run.epoch)
        ]
        epochs += records["epoch"][shown].tolist()
        values.append(_as_written(records["values"][shown]))
    nothing = np.empty((0, len(LAYER_COLUMNS), 0))
    return RunLayers(public_id, epochs, np.concatenate(values) if epochs else nothing)


def _as_written(values: NDArray[np.floating]) -> Float64Array:
    """Numbers whose texts are those of the stored ones: 0.1, and not what float32 has in its place."""
    return values.astype(np.float64) if values.dtype.itemsize == 8 else values.astype(str).astype(np.float64)
