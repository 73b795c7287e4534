from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from threading import Thread

import pytest

from service.supervisor.interrupts import STOP_SIGNALS, UninterruptedEnd, check, held, interrupting, wait


def press(number: signal.Signals = signal.SIGINT) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_every_stop_signal_is_a_keyboard_interrupt_and_afterwards_what_it_was(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupting():
        press(number)
    assert signal.getsignal(number) is before


def test_what_the_first_one_began_is_not_cut_off_by_the_next() -> None:
    done = []

    def hand_back() -> None:
        for number in STOP_SIGNALS:
            press(number)
        check()
        done.append("handed back")

    def run() -> None:
        with UninterruptedEnd() as stack:
            stack.callback(hand_back)
            press()

    with interrupting(), pytest.raises(KeyboardInterrupt):
        run()
    assert done == ["handed back"]


def test_one_that_was_swallowed_is_raised_again() -> None:
    with interrupting():
        with suppress(KeyboardInterrupt):  # as the garbage collector does
            press()
        with pytest.raises(KeyboardInterrupt):
            wait()
    check()  # and it is forgotten with the block


def test_an_interrupt_waits_until_it_does_no_harm() -> None:
    done = []

    def start() -> None:
        with held():
            with held():
                press()
                done.append("inner")
            done.append("outer")

    with interrupting(), pytest.raises(KeyboardInterrupt):
        start()
    assert done == ["inner", "outer"]


def test_nothing_is_raised_at_the_end_of_a_quiet_block() -> None:
    with interrupting(), held():
        pass


def test_another_thread_neither_delays_an_interrupt_nor_gets_it() -> None:
    ended = []

    def hold() -> None:
        with held():
            ended.append("held")

    with interrupting():
        thread = Thread(target=hold)
        thread.start()
        thread.join()
        with pytest.raises(KeyboardInterrupt):
            press()
    assert ended == ["held"]


def test_a_program_started_at_or_after_the_interrupt_can_still_be_asked_to_stop() -> None:
    show = "import signal; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
    command = [sys.executable, "-c", show]
    shown = []

    def start() -> None:
        with held():
            press(signal.SIGTERM)
            shown.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    with interrupting(), UninterruptedEnd() as stack:
        stack.callback(
            lambda: shown.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        )
        with pytest.raises(KeyboardInterrupt):
            start()
    assert shown == ["True\n", "True\n"]
