from __future__ import annotations

import pytest

from service.api import kept_answers
from service.api.kept_answers import KeptAnswers


class Clock:
    """A clock that stands unless it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Work:
    """Counts how often it is done, and takes its time."""

    def __init__(self, clock: Clock, seconds: float = 0.0) -> None:
        self.clock, self.seconds, self.times = clock, seconds, 0

    def __call__(self) -> bytes:
        self.times += 1
        self.clock.now += self.seconds
        return b"%d" % self.times


def test_an_answer_holds_as_long_as_its_version() -> None:
    clock = Clock()
    answers, work = KeptAnswers(clock), Work(clock)
    given = [answers.answer("q", version, work, patient=True) for version in (1, 1, 2, 2, 1)]
    assert given == [b"1", b"1", b"2", b"2", b"3"]
    assert answers.answer("another", 1, work, patient=True) == b"4"


def test_what_took_long_is_given_a_little_longer_than_it_holds() -> None:
    clock = Clock()
    answers, work = KeptAnswers(clock), Work(clock, seconds=0.5)
    assert answers.answer("q", 1, work, patient=True) == b"1"
    clock.now += 4.9
    assert answers.answer("q", 2, work, patient=True) == b"1"
    clock.now += 0.2
    assert answers.answer("q", 2, work, patient=True) == b"2"


def test_what_has_ended_is_never_answered_with_what_came_before() -> None:
    clock = Clock()
    answers, work = KeptAnswers(clock), Work(clock, seconds=0.5)
    given = [answers.answer("q", version, work, patient=False) for version in (1, 2, 2)]
    assert given == [b"1", b"2", b"2"]


def test_the_least_recently_asked_goes_when_room_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_answers, "MOST_BYTES", 2)
    clock = Clock()
    answers, work = KeptAnswers(clock), Work(clock)
    for question in ("a", "b", "a", "c"):
        answers.answer(question, 1, work, patient=True)
    assert work.times == 3
    answers.answer("a", 1, work, patient=True)
    assert work.times == 3
    answers.answer("b", 1, work, patient=True)
    assert work.times == 4
