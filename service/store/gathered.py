"""Arrays and answers of large, final sweeps: written once, and read for the rows as long as these stand.

Whatever changes a run of a sweep is told as an event, so arrays with the sweep's number of events are true.
Only retention tells nothing: it takes the arrays of losses away with the losses.
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

_CONTENT = """
    SELECT content FROM gathered JOIN sweeps ON sweeps.id = gathered.sweep_id
    WHERE sweep_id = %s AND gathered.name = %s AND gathered.event_count = sweeps.event_count
"""


def find_gathered(session: Session, sweep_key: int, name: str) -> Arrays | None:
    """What was gathered under this name, if it still holds."""
    content = find_gathered_bytes(session, sweep_key, name)
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def find_gathered_bytes(session: Session, sweep_key: int, name: str) -> bytes | None:
    """The bytes that were gathered under this name, if they still hold."""
    if session.get_bind().dialect.name != "postgresql":
        content: bytes | None = session.scalar(_standing(select(Gathered.content), sweep_key, name))
        return content
    # As they are: psycopg asks for text by default, in which 3 MB took 40 ms longer.
    driver: Any = session.connection().connection.driver_connection
    row = driver.cursor(binary=True).execute(_CONTENT, (sweep_key, name)).fetchone()
    return bytes(row[0]) if row else None


def is_gathered(session: Session, sweep_key: int, name: str) -> bool:
    """Whether `find_gathered` would find something."""
    return session.scalar(_standing(select(Gathered.sweep_id), sweep_key, name)) is not None


def _standing(statement: Select[Any], sweep_key: int, name: str) -> Select[Any]:
    return statement.join(Sweep, Sweep.id == Gathered.sweep_id).where(
        Gathered.sweep_id == sweep_key, Gathered.name == name, Gathered.event_count == Sweep.event_count
    )


def keep_gathered(
    session: Session,
    sweep_key: int,
    event_count: int,
    found: Mapping[str, Arrays | bytes],
    *,
    begins: str = "",
) -> bool:
    """Write what was gathered when the sweep had so many events; False, and nothing, if it has others now.

    What was gathered before under a name that begins so goes.
    """
    now = session.scalar(select(Sweep.event_count).where(Sweep.id == sweep_key).with_for_update())
    if now != event_count:
        return False
    session.execute(delete(Gathered).where(Gathered.sweep_id == sweep_key, Gathered.name.startswith(begins)))
    rows = [
        {"sweep_id": sweep_key, "name": name, "event_count": event_count, "content": _written(each)}
        for name, each in found.items()
    ]
    session.execute(insert(Gathered), rows)
    return True


def _written(found: Arrays | bytes) -> bytes:
    if isinstance(found, bytes):
        return found
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **found)
    return file.getvalue()
