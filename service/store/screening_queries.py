"""Reading what the range tests of a sweep found."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.configuration import varied_part
from core.fields import RANGE_TEST
from service.errors import NotFound
from service.planning.measurements import SCREENED
from service.planning.screening import ScreenedRun, Screening, gathered
from service.store.schema import ConfigurationRow, Run, Sweep


def find_screening(session: Session, owner_id: int, public_id: str) -> Screening:
    """What a sweep by range tests says so far.

    Raises:
        NotFound: the owner has no such sweep, or it searches in another way.
    """
    sweep = session.scalar(select(Sweep).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if sweep is None:
        raise NotFound(f"there is no sweep {public_id}")
    if sweep.method != RANGE_TEST:
        raise NotFound(f"sweep {public_id} is a {sweep.method} search, and no range test")
    return screening_of(session, sweep)


def screening_of(session: Session, sweep: Sweep) -> Screening:
    """What a sweep by range tests says so far."""
    rows = session.execute(
        select(Run.public_id, Run.seed, Run.metrics, ConfigurationRow.document)
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .where(Run.sweep_id == sweep.id)
        .order_by(Run.number)
    ).all()
    runs = [
        ScreenedRun(
            row.public_id,
            row.seed,
            varied_part(row.document, sweep.varied),
            row.metrics.get(SCREENED),
        )
        for row in rows
    ]
    course = rows[0].document
    last = course["learning_rate"]
    return Screening(last / course["div_factor"], last, course["epochs"], gathered(runs))
