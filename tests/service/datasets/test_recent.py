from __future__ import annotations

from service.datasets import builtin
from service.datasets.recent import RecentTables

IRIS, WINE = builtin.load("iris"), builtin.load("wine")


def test_a_table_is_at_hand_until_others_need_its_room() -> None:
    recent = RecentTables(most=100)
    assert recent.get("a") is None
    recent.keep("a", 40, IRIS)
    recent.keep("b", 40, WINE)
    assert recent.get("a") is IRIS
    recent.keep("c", 40, WINE)
    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c")) == (IRIS, WINE)


def test_a_table_beyond_all_room_is_not_kept_and_drives_none_away() -> None:
    recent = RecentTables(most=100)
    recent.keep("a", 100, IRIS)
    recent.keep("b", 101, WINE)
    recent.keep("a", 100, IRIS)
    assert (recent.get("a"), recent.get("b")) == (IRIS, None)
