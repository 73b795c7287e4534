"""A sweep's curves: each setting as one band over its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from service.api.context import Asking, Here
from service.api.cursors import decode, encode
from service.api.parameters import CurvesQuery, SweepId, names
from service.api.problems import documented
from service.api.schemas.losses import Curves, curves_page
from service.store.curve_queries import find_settings, setting_curves
from service.store.gathered import is_gathered
from service.store.loss_queries import how_many
from service.store.summary_queries import sweep_version

MOST_LOSSES = 100_000  # that a page is made from

router = APIRouter(tags=["sweeps"])

Setting = Mapping[str, object]


@router.get(
    "/sweeps/{sweep_id}/curves",
    summary="Get curves over seeds",
    response_model=Curves,
    responses=documented(404, 422),
)
def get_curves(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[CurvesQuery, Query()]
) -> Response:
    """Return one column per setting and epoch: its mean, lowest and highest value over the runs there.

    Values that are not finite take no part; `n` says how many runs have one that is. The answer for a large
    sweep may be some seconds old while the sweep trains, and its pages may then have fewer settings than
    `limit`: as many as have 100,000 epochs together, and one at least.
    """
    with here.database.read() as session:
        version = sweep_version(session, caller.owner_id, sweep_id)
        question = ("curves", caller.owner_id, sweep_id, repr(query))
        work_out = partial(_body, session, caller.owner_id, sweep_id, query)
        body = here.kept.answer(question, version, work_out, patient=not version.is_final)
    return Response(body, media_type="application/json")


def _body(session: Session, owner_id: int, sweep_id: str, query: CurvesQuery) -> bytes:
    start = 0 if query.cursor is None else max(0, decode(query.cursor, (int,))[0])
    asked = names(query.group_by), names(query.configurations)
    sweep, configurations, epochs = find_settings(session, owner_id, sweep_id, *asked)
    settings = _gathered(configurations)
    shown = settings[start : start + query.limit]
    if not is_gathered(session, sweep, query.column):
        sizes = (sum(epochs[key] for key in keys) for _setting, keys in shown)
        shown = shown[: how_many(sizes, MOST_LOSSES)]
    curves = setting_curves(session, sweep, shown, query.column)
    if query.max_points is not None:
        curves = [each.thinned(query.max_points) for each in curves]
    end = start + len(shown)
    more = encode((end,)) if end < len(settings) else None
    return curves_page(query.column, curves, more)


def _gathered(configurations: Mapping[int, Setting]) -> Sequence[tuple[Setting, Sequence[int]]]:
    """The distinct settings with the keys of their configurations, in the order of their first runs."""
    keys: dict[str, tuple[Setting, list[int]]] = {}
    for key, setting in configurations.items():
        keys.setdefault(repr(setting), (setting, []))[1].append(key)  # the same names in the same order
    return list(keys.values())
