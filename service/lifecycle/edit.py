"""Name, tags and notes of a sweep are its owner's to change, at any time and without a lost change."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.errors import NotFound, Outdated
from service.lifecycle.story import tell
from service.planning.sweep_edit import Labels, SweepEdit, edited
from service.store.schema import Sweep

ANY = "*"


def edit_sweep(
    session: Session, owner_id: int, public_id: str, edit: SweepEdit, *, revision: str | None = None
) -> None:
    """Change what is sent; with a `revision` only if the sweep still has it.

    An edit is an event of the sweep, for who watches it; one that changes nothing is none.

    Raises:
        NotFound: the owner has no such sweep.
        Outdated: it has another revision.
        InvalidSubmission: there would be too many tags.
    """
    row = session.execute(
        select(Sweep.id, Sweep.name, Sweep.tags, Sweep.notes)
        .where(Sweep.public_id == public_id, Sweep.owner_id == owner_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no sweep {public_id}")
    before = Labels(row.name, row.tags, row.notes)
    if revision not in (None, ANY, before.revision):
        raise Outdated(
            f"sweep {public_id} was changed since: its revision is {before.revision}, not {revision}"
        )
    after = edited(before, edit)
    if after == before:
        return
    session.execute(
        update(Sweep)
        .where(Sweep.id == row.id)
        .values(name=after.name, tags=dict(after.tags), notes=after.notes)
    )
    changed = [name for name in ("name", "tags", "notes") if getattr(after, name) != getattr(before, name)]
    tell(session, row.id, "edited", {"changed": changed})
