"""Numbers are written in few digits, honestly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from service.dashboard import formatting

NBSP = formatting.NO_BREAK_SPACE


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (0.0812749, "0.0813"),
        (2.302585, "2.30"),
        (12.3456, "12.3"),
        (1234.56, "1230"),
        (0.125, "0.125"),
        (9.999, "10.0"),
        (-0.5, "−0.500"),
        (1.23e-5, "1.23e−5"),
        (1.2e8, "1.20e8"),
        (0, "0"),
        ("NaN", "NaN"),
        ("Infinity", "∞"),
        ("-Infinity", "−∞"),
        (None, "–"),
    ],
)
def test_numbers_have_three_significant_digits_and_stay_what_they_are(raw: object, text: str) -> None:
    assert formatting.number(raw) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [(0.316227766017, "0.3162"), (10.0, "10"), (0.001, "0.001"), ([64, 32], "[64, 32]"), ("relu", "relu")],
)
def test_parameters_are_short_and_recognisable(raw: object, text: str) -> None:
    assert formatting.parameter(raw) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.03, "< 0.1 s"),
        (0.84, "0.8 s"),
        (42.2, "42 s"),
        (200, "3 min 20 s"),
        (7200, "2 h"),
        (273600, "3 d 4 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert formatting.duration(seconds).replace(NBSP, " ") == text


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "just now"), (5, "5 min ago"), (180, "3 h ago"), (2880, "2 d ago")]
)
def test_ages_are_counted_from_the_given_moment(minutes: int, text: str) -> None:
    now = datetime(2026, 1, 3, minute=0, tzinfo=UTC).timestamp() + 60 * minutes
    age = formatting.age("2026-01-03T00:00:00.000Z", datetime.fromtimestamp(now, tz=UTC))
    assert age.replace(NBSP, " ") == text


def test_an_interval_below_three_seeds_is_not_made_up() -> None:
    assert formatting.interval({"mean": 0.5, "low": None, "high": None}) == ""
    assert formatting.percent_interval({"mean": 0.5, "low": 0.4, "high": 0.6}) == "[40.0, 60.0]"
