"""What workers have measured of their machines is kept with them, and decides how large populations are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.calibration import Calibration
from core.version import NUMERICS_VERSION
from service.lifecycle.workers import ALIVE_SECONDS
from service.planning.populations import CACHE_BUDGET
from service.store.clock import now
from service.store.schema import Worker


def calibration_of(session: Session, host: str, environment_class: str) -> Calibration | None:
    """What a worker of this machine and class has measured before, with the arithmetic of today."""
    found = session.scalars(
        select(Worker.calibration)
        .where(
            Worker.host == host,
            Worker.environment_class == environment_class,
            Worker.calibration.is_not(None),
        )
        .order_by(Worker.last_seen_at.desc())
    )
    return next((known for document in found if (known := _read(document)) is not None), None)


def keep_calibration(session: Session, name: str, calibration: Calibration) -> None:
    """Write down what a worker knows of its machine."""
    document = {**calibration.to_json(), "numerics_version": NUMERICS_VERSION}
    session.execute(update(Worker).where(Worker.name == name).values(calibration=document))


def cache_budget(session: Session) -> int:
    """The bytes that a population should have: what the smallest cache among live workers serves."""
    return min((known.budget for known in live_calibrations(session)), default=CACHE_BUDGET)


def live_calibrations(session: Session) -> list[Calibration]:
    """What each live worker knows of its machine, with the arithmetic of today."""
    seen = now() - round(ALIVE_SECONDS * 1000)
    found = session.scalars(
        select(Worker.calibration).where(
            Worker.stopped_at.is_(None), Worker.last_seen_at >= seen, Worker.calibration.is_not(None)
        )
    )
    return [known for each in found if (known := _read(each)) is not None]


def _read(document: Mapping[str, Any] | None) -> Calibration | None:
    if document is None or document.get("numerics_version") != NUMERICS_VERSION:
        return None
    return Calibration.from_json(document)
