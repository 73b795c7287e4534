"""What each epoch's last step did to each layer: a run's recorded epochs, packed one behind the other.

A record is an epoch (int32) and `LAYER_COLUMNS` of each layer, little-endian, in the run's own precision.
NumPy is loaded by what needs it: a worker's main process, which only requeues, does without.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.layer_statistics import LayerStatistics

LAYER_COLUMNS = ("gradient_norm", "weight_norm", "update_ratio")
LAYER_ROW = ("run_id", "epoch", "layers", "item_bytes", "content")
ITEM_BYTES = {"float32": 4, "float64": 8}
EPOCH_BYTES = 4


class LayerRecords(NamedTuple):
    """Some epochs of one run, ascending; at least one."""

    run_id: int
    epochs: Sequence[int]
    layers: int
    item_bytes: int
    content: bytes

    def behind(self, epoch: int) -> Self | None:
        """The records of later epochs; None if there are none."""
        known = bisect_right(self.epochs, epoch)
        if known == len(self.epochs):
            return None
        size = len(self.content) // len(self.epochs)
        return self._replace(epochs=self.epochs[known:], content=self.content[known * size :])

    def as_row(self) -> tuple[Any, ...]:
        """The row of `layer_statistics`, as `LAYER_ROW` says, under the first of the epochs."""
        return (self.run_id, self.epochs[0], self.layers, self.item_bytes, self.content)


def pack(
    runs: Sequence[int], epochs: Sequence[int], statistics: Sequence[LayerStatistics], dtype: str
) -> list[LayerRecords]:
    """Each run's records, of epochs in which all of them trained.

    Shapes:
        statistics  (runs, layers) each, as many as epochs
    """
    import numpy as np

    values = np.array([[getattr(each, name) for name in LAYER_COLUMNS] for each in statistics])
    layers, item_bytes = values.shape[-1], ITEM_BYTES[dtype]
    records = np.empty((len(runs), len(epochs)), record_type(layers, item_bytes))
    records["epoch"] = epochs
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite in it
        records["values"] = values.transpose(2, 0, 1, 3)
    return [
        LayerRecords(run, epochs, layers, item_bytes, of_run.tobytes())
        for run, of_run in zip(runs, records, strict=True)
    ]


def unpack(content: bytes, layers: int, item_bytes: int) -> NDArray[np.void]:
    """The records in one row of `layer_statistics`, with the fields `epoch` and `values`."""
    import numpy as np

    return np.frombuffer(content, record_type(layers, item_bytes))


@cache
def record_type(layers: int, item_bytes: int) -> np.dtype[np.void]:
    """One record: `values` are (LAYER_COLUMNS, layers)."""
    import numpy as np

    return np.dtype([("epoch", "<i4"), ("values", f"<f{item_bytes}", (len(LAYER_COLUMNS), layers))])


def record_bytes(layers: int, dtype: str) -> int:
    """How long a record is."""
    return EPOCH_BYTES + len(LAYER_COLUMNS) * layers * ITEM_BYTES[dtype]
