"""Any order by several keys, page by page: what is missing comes last, and no two rows stand in one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from service.store.conditions import Column, bound

Place = tuple[Any, ...]  # the values of the keys, and last the row's public id


@dataclass(frozen=True, slots=True)
class Key:
    """A column to sort by; `nullable` says whether a row may have no value there."""

    column: Column
    descending: bool = False
    nullable: bool = True
    beside: Sequence[tuple[Any, ColumnElement[bool]]] = ()  # what has to be joined for it, and on what

    def sorted(self, shown: ColumnElement[Any]) -> ColumnElement[Any]:
        """What to sort by, where the column is also selected as `shown`: it is then worked out once."""
        towards = shown.desc() if self.descending else shown.asc()
        return towards.nulls_last() if self.nullable else towards

    def behind(self, value: Any) -> ColumnElement[bool] | None:
        """Where a row comes later by this key alone; None: nowhere."""
        if value is None:
            return None
        beyond = self.column < bound(value) if self.descending else self.column > bound(value)
        return or_(beyond, self.column.is_(None)) if self.nullable else beyond

    def level(self, value: Any) -> ColumnElement[bool]:
        """Where a row stands level by this key."""
        return self.column.is_(None) if value is None else self.column == bound(value)


def keys_of(keys: Sequence[Key], public_id: Column) -> Sequence[Key]:
    """The keys, and behind them the age in the direction of the first; what follows an age says nothing."""
    for number, key in enumerate(keys, start=1):
        if key.column is public_id:
            return keys[:number]
    return [*keys, Key(public_id, bool(keys) and keys[0].descending, nullable=False)]


def behind(keys: Sequence[Key], place: Place) -> ColumnElement[bool]:
    """Where a row comes after the one at this place, key by key."""
    found = []
    level: list[ColumnElement[bool]] = []
    for key, value in zip(keys, place, strict=True):
        later = key.behind(value)
        if later is not None:
            found.append(and_(*level, later))
        level.append(key.level(value))
    first, value = keys[0], place[0]
    if first.nullable or value is None:
        return or_(*found)
    # Said twice, because only a bound on its own is looked up in an index.
    bounded = first.column <= bound(value) if first.descending else first.column >= bound(value)
    return and_(bounded, or_(*found))
