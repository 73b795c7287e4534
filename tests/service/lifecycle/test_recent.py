"""What was made lately is at hand until others need its room."""

from __future__ import annotations

from service.lifecycle.recent import Recent


class Made:
    """Makes values, and remembers which."""

    def __init__(self, **room: int) -> None:
        self.recent: Recent[str] = Recent(**room)
        self.made: list[str] = []

    def get(self, key: str, size: int) -> None:
        def make() -> str:
            self.made.append(key)
            return key.upper()

        assert self.recent.get(key, make, lambda _: size) == key.upper()


def test_a_value_is_at_hand_until_others_need_its_room() -> None:
    one = Made(most=9, most_bytes=100)
    for key in ("a", "b", "a", "c", "a", "b"):  # b goes for c, being asked for longer ago than a
        one.get(key, 40)
    assert one.made == ["a", "b", "c", "b"]


def test_a_value_beyond_all_room_is_not_kept_and_drives_none_away() -> None:
    one = Made(most=9, most_bytes=100)
    for key, size in (("a", 100), ("b", 101), ("b", 101), ("a", 100)):
        one.get(key, size)
    assert one.made == ["a", "b", "b"]


def test_only_so_many_are_kept_however_small_they_are() -> None:
    one = Made(most=2, most_bytes=100)
    for key in ("a", "b", "c", "b", "a"):
        one.get(key, 1)
    assert one.made == ["a", "b", "c", "a"]
