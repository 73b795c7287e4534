"""A question without an answer costs whoever asks a short wait, and the process one thread."""

from __future__ import annotations

import threading

from service.api.probe import Probe


def test_an_answer_is_handed_on() -> None:
    assert Probe[int]().ask(lambda: 7) == 7


def test_each_question_that_was_answered_is_asked_anew() -> None:
    probe, answers = Probe[int](), iter([1, 2])
    assert [probe.ask(lambda: next(answers)) for _ in range(2)] == [1, 2]


def test_an_error_is_no_answer() -> None:
    probe = Probe[float]()
    assert probe.ask(lambda: 1 / 0) is None
    assert probe.ask(lambda: 0.5) == 0.5


def test_what_stays_silent_is_asked_once_and_not_waited_for() -> None:
    silent, asked = threading.Event(), []
    probe = Probe[str](patience=0.01)

    def question() -> str:
        asked.append(threading.current_thread())
        silent.wait(30)
        return "at last"

    assert [probe.ask(question) for _ in range(5)] == [None] * 5
    assert len(asked) == 1
    silent.set()
    asked[0].join(30)
    assert probe.ask(lambda: "again") == "again"
