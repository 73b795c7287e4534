"""The answer of range tests."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.context import Asking, Here
from service.api.parameters import SweepId
from service.api.problems import documented
from service.api.schemas.screening import Screening
from service.store.screening_queries import find_screening

router = APIRouter(tags=["sweeps"])


@router.get("/sweeps/{sweep_id}/screening", summary="Get range tests", responses=documented(404))
def get_screening(here: Here, caller: Asking, sweep_id: SweepId) -> Screening:
    """Return which learning rates the range tests of a sweep suggest, per setting and seed."""
    with here.database.read() as session:
        return Screening.of(sweep_id, find_screening(session, caller.owner_id, sweep_id))
