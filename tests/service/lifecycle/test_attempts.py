from __future__ import annotations

from service.lifecycle.attempts import MOST_ADDRESSES, PER_ADDRESS, TOGETHER, Attempts


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_ten_failures_of_one_address_are_let_pass_and_then_one_every_six_seconds() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(PER_ADDRESS):
        assert attempts.wait("a") == 0
        attempts.failed("a")
    assert attempts.wait("a") == 6
    assert attempts.wait("b") == 0
    clock.seconds += 6.0
    assert attempts.wait("a") == 0
    attempts.failed("a")
    assert attempts.wait("a") == 6


def test_many_addresses_together_have_to_wait_too() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for number in range(TOGETHER):
        attempts.failed(f"address {number}")
    assert attempts.wait("one that never failed") == 1
    clock.seconds += 60
    assert attempts.wait("one that never failed") == 0


def test_the_memory_of_addresses_is_bounded() -> None:
    attempts = Attempts(Clock())
    for number in range(MOST_ADDRESSES + 50):
        attempts.failed(str(number))
    assert len(attempts._addresses) == MOST_ADDRESSES
    assert "0" not in attempts._addresses
