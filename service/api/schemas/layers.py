"""What each recorded epoch did to each layer, as it is shown."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from pydantic_core import to_json

from service.api.schemas.shape import Number, Shape
from service.planning.layer_records import LAYER_COLUMNS
from service.store.layer_queries import RunLayers


class LayerCurves(Shape):
    """One layer at the last step of each recorded epoch, its weight and bias taken as one vector."""

    gradient_norm: list[Number]
    weight_norm: list[Number]
    update_ratio: list[Number] = Field(
        description="The length of the change over that of the parameters after it; about 0.001 is usual."
    )


class LayerHistory(Shape):
    """A run's layers over its recorded epochs: all up to 1,000, then evenly, always the last.

    Numbers are stored in the precision that the run trains in. There are none of a function, and none of runs
    that ended before the service kept them.
    """

    run: str
    epochs: list[int]
    layers: list[LayerCurves] = Field(description="From the first layer on; empty without epochs.")


def layer_history(found: RunLayers) -> bytes:
    """The text of `LayerHistory`, which is not checked number by number."""
    by_layer = found.values.transpose(2, 1, 0).tolist()
    document: dict[str, Any] = {
        "run": found.run,
        "epochs": found.epochs,
        "layers": [dict(zip(LAYER_COLUMNS, columns, strict=True)) for columns in by_layer],
    }
    return to_json(document, inf_nan_mode="strings")
