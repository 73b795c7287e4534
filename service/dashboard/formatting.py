"""Numbers, intervals, durations and ages as text: the same rules as static/js/lib/format.js."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal

MISSING = "–"
NO_BREAK_SPACE = "\u00a0"
SMALLEST_PLAIN = 1e-4
LARGEST_PLAIN = 1e6
NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def value(raw: object) -> float | None:
    """A number as the API writes it: non-finite ones are the words NaN, Infinity and -Infinity."""
    if raw is None or isinstance(raw, bool):
        return None
    if isinstance(raw, str):
        return NON_FINITE.get(raw)
    return float(raw) if isinstance(raw, int | float) else None


def number(raw: object, digits: int = 3) -> str:
    """`raw` to `digits` significant digits; very large and very small ones in powers of ten."""
    found = value(raw)
    if found is None:
        return MISSING
    if not math.isfinite(found):
        return "NaN" if math.isnan(found) else ("∞" if found > 0 else "−∞")
    if found == 0:
        return "0"
    rounded = _round(found, digits)
    size = abs(float(rounded))
    if size < SMALLEST_PLAIN or size >= LARGEST_PLAIN:
        mantissa, exponent = f"{rounded:.{digits - 1}e}".split("e")
        return _signed(f"{mantissa}e{int(exponent)}")
    decimals = max(0, digits - 1 - rounded.adjusted())
    return _signed(f"{rounded:.{decimals}f}")


def parameter(raw: object) -> str:
    """A setting's value: numbers to 4 significant digits without trailing zeros, the rest as JSON reads."""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if raw is None:
        return "none"
    if isinstance(raw, list):
        return "[" + ", ".join(parameter(item) for item in raw) + "]"
    if isinstance(raw, dict):
        return ", ".join(f"{key}{NO_BREAK_SPACE}{parameter(item)}" for key, item in raw.items())
    if isinstance(raw, int):
        return _signed(str(raw))
    if isinstance(raw, float):
        return _trimmed(number(raw, 4))
    return str(raw)


def percent(raw: object) -> str:
    """A share between 0 and 1 in per cent, to one decimal."""
    found = value(raw)
    if found is None or not math.isfinite(found):
        return number(raw)
    rounded = Decimal(found * 100).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return _signed(f"{rounded}") + f"{NO_BREAK_SPACE}%"


def score(raw: object, name: str) -> str:
    """A score by its name: accuracy in per cent, R² as a number."""
    return percent(raw) if name.endswith(("accuracy", "f1")) else number(raw)


def interval(raw: object, form: Callable[[object], str] = number) -> str:
    """The ends of a mean's interval, or nothing where there are too few seeds for one."""
    if not isinstance(raw, Mapping) or raw.get("low") is None or raw.get("high") is None:
        return ""
    return f"[{form(raw['low'])}, {form(raw['high'])}]"


def percent_interval(raw: object) -> str:
    """The ends of an interval of shares, in per cent; the unit is said once."""
    return interval(raw, percent).replace(f"{NO_BREAK_SPACE}%", "")


def at_most(raw: object) -> str:
    """An upper bound of a share."""
    return "" if value(raw) is None else f"≤ {percent(raw)}"


def count(raw: object) -> str:
    """A whole number with thousands set apart."""
    found = value(raw)
    return MISSING if found is None else f"{int(found):,}"


def duration(raw: object) -> str:
    """Seconds as people say them: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    seconds = value(raw)
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if 0 < seconds < 0.05:
        return f"< 0.1{NO_BREAK_SPACE}s"
    if seconds < 9.95:
        return (
            f"{Decimal(max(seconds, 0.0)).quantize(Decimal('0.1'), rounding=ROUND_HALF_UP)}{NO_BREAK_SPACE}s"
        )
    whole = int(seconds + 0.5)
    for large, small, size, part in (("d", "h", 86400, 3600), ("h", "min", 3600, 60), ("min", "s", 60, 1)):
        if whole >= size:
            rest = whole % size // part
            tail = f" {rest}{NO_BREAK_SPACE}{small}" if rest else ""
            return f"{whole // size}{NO_BREAK_SPACE}{large}{tail}"
    return f"{whole}{NO_BREAK_SPACE}s"


def instant(raw: object) -> str:
    """A time of the API (RFC 3339 in UTC) to the minute."""
    return raw[:16].replace("T", " ") if isinstance(raw, str) and raw else MISSING


def age(instant: str, now: datetime) -> str:
    """How long ago `instant` (RFC 3339) was."""
    seconds = max(0.0, (now - datetime.fromisoformat(instant)).total_seconds())
    if seconds < 5:
        return "just now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)}{NO_BREAK_SPACE}{unit} ago"
    return f"{int(seconds)}{NO_BREAK_SPACE}s ago"


def _round(found: float, digits: int) -> Decimal:
    # Halves go up, as JavaScript's toPrecision does: a live page must not flicker between two roundings.
    return Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(found))


def _trimmed(text: str) -> str:
    mantissa, separator, exponent = text.partition("e")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return mantissa + separator + exponent


def _signed(text: str) -> str:
    return text.replace("-", "−")
