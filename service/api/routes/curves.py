"""A sweep's curves: each setting as one band over its seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from service.api.context import Asking, Here
from service.api.cursors import decode, encode
from service.api.parameters import CurvesQuery, SweepId, names
from service.api.problems import documented
from service.api.schemas.losses import Curves, curve
from service.store.loss_queries import find_settings, setting_curves

router = APIRouter(tags=["sweeps"])

Setting = Mapping[str, object]


@router.get("/sweeps/{sweep_id}/curves", summary="Get curves over seeds", responses=documented(404, 422))
def get_curves(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[CurvesQuery, Query()]
) -> Curves:
    """Return one column per setting and epoch: its mean, lowest and highest value over the runs there.

    Values that are not finite take no part; `n` says how many runs have one that is.
    """
    start = 0 if query.cursor is None else max(0, decode(query.cursor, (int,))[0])
    with here.database.read() as session:
        sweep, configurations = find_settings(session, caller.owner_id, sweep_id, names(query.group_by))
        settings = _gathered(configurations)
        shown = settings[start : start + query.limit]
        curves = setting_curves(session, sweep, shown, query.column)
    end = start + len(shown)
    more = encode((end,)) if end < len(settings) else None
    return Curves(column=query.column, items=[curve(each) for each in curves], next_cursor=more)


def _gathered(configurations: Mapping[int, Setting]) -> Sequence[tuple[Setting, Sequence[int]]]:
    """The distinct settings with the keys of their configurations, in the order of their first runs."""
    keys: dict[str, tuple[Setting, list[int]]] = {}
    for key, setting in configurations.items():
        keys.setdefault(json.dumps(setting, sort_keys=True), (setting, []))[1].append(key)
    return list(keys.values())
