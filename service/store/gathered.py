"""Arrays of large, final sweeps: written once, and read in place of the rows as long as they say the same.

Whatever changes a run of a sweep is told as an event, so arrays with the sweep's number of events are true.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from service.store.schema import Gathered, Sweep

Arrays = Mapping[str, NDArray[Any]]

OUTCOMES = "outcomes"  # what each run came to; all other names are columns of losses


def find_gathered(session: Session, sweep_key: int, name: str) -> Arrays | None:
    """What was gathered under this name, if it still holds."""
    content = session.scalar(_standing(select(Gathered.content), sweep_key, name))
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def is_gathered(session: Session, sweep_key: int, name: str) -> bool:
    """Whether `find_gathered` would find something."""
    return session.scalar(_standing(select(Gathered.sweep_id), sweep_key, name)) is not None


def _standing(statement: Select[Any], sweep_key: int, name: str) -> Select[Any]:
    return statement.join(Sweep, Sweep.id == Gathered.sweep_id).where(
        Gathered.sweep_id == sweep_key, Gathered.name == name, Gathered.event_count == Sweep.event_count
    )


def keep_gathered(session: Session, sweep_key: int, event_count: int, found: Mapping[str, Arrays]) -> bool:
    """Write what was gathered when the sweep had so many events; False, and nothing, if it has others now."""
    now = session.scalar(select(Sweep.event_count).where(Sweep.id == sweep_key).with_for_update())
    if now != event_count:
        return False
    session.execute(delete(Gathered).where(Gathered.sweep_id == sweep_key))
    rows = [
        {"sweep_id": sweep_key, "name": name, "event_count": event_count, "content": _written(arrays)}
        for name, arrays in found.items()
    ]
    session.execute(insert(Gathered), rows)
    return True


def _written(arrays: Arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()
