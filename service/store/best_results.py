"""Reading what a list shows of a sweep's answer, as it is kept beside the headline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from service.planning.best_result import NOTHING, best_result, small_curve
from service.planning.headline_words import Context
from service.planning.summary import Summary
from service.store.curve_queries import find_settings, setting_curves

CURVES = ("validation_loss", "train_loss")  # the first that has values


def find_best_result(
    session: Session, owner_id: int, public_id: str, summary: Summary, context: Context
) -> Mapping[str, Any]:
    """The best setting of `summary` with its mean curve over all its runs; nothing where none is best.

    A range test names a rate of its own, by no metric: it has no best setting either.
    """
    best = summary.best
    if best is None or context.screening is not None:
        return NOTHING
    curve = _curve(session, owner_id, public_id, best.setting)
    return best_result(best.setting, best.metrics[summary.metric], curve)


def _curve(
    session: Session, owner_id: int, public_id: str, setting: Mapping[str, object]
) -> dict[str, Any] | None:
    sweep, settings, _epochs = find_settings(session, owner_id, public_id, None)
    wanted = _text(setting)
    keys = [key for key, values in settings.items() if _text(values) == wanted]
    for name in CURVES:
        (found,) = setting_curves(session, sweep, [(setting, keys)], name)
        curve = small_curve(name, found.epochs, found.mean)
        if curve is not None:
            return curve
    return None


def _text(setting: Mapping[str, object]) -> str:
    """Equal for equal settings, whether their lists are lists or tuples."""
    return json.dumps(setting, sort_keys=True)
