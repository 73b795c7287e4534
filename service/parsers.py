"""What the texts of environment variables mean; what is not allowed raises ValueError or KeyError.

The first of a pair says in words what the second one allows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Parser = Callable[[str], Any]

DATABASE_SCHEMES = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
BROKER_SCHEMES = ("redis", "rediss", "redis+socket", "filesystem")
_HOST_HEADER = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


def size(low: int, high: int) -> tuple[str, Parser]:
    """Bytes, with a unit if wanted."""
    units = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

    def parse(text: str) -> int:
        match = re.fullmatch(r"(\d+)\s*([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
        if match is None:
            raise ValueError(text)
        value = int(match[1]) * units[match[2].upper()]
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return f"bytes, or a number with K, M, G or T (of 1024): {low >> 20}M or more", parse


def integer(low: int, high: int) -> tuple[str, Parser]:
    """A whole number."""

    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return f"a whole number from {low} to {high}", parse


def seconds(low: float, high: float) -> tuple[str, Parser]:
    """A duration."""

    def parse(text: str) -> float:
        value = float(text)
        if not low <= value <= high:  # refuses NaN, too
            raise ValueError(text)
        return value

    return f"seconds from {low:g} to {high:g}", parse


def days(low: float, high: float) -> tuple[str, Parser]:
    """A number of days."""
    return f"days from {low:g} to {high:g}", seconds(low, high)[1]


def choice(*words: str) -> tuple[str, Parser]:
    """One of several words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return ", ".join(words), parse


def matching(pattern: re.Pattern[str]) -> Parser:
    """A text of one form."""

    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def flag(text: str) -> bool:
    """Yes or no."""
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.lower()]


def folder(text: str) -> Path:
    """A folder, `~` expanded."""
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise ValueError(text)
    return path


def database_url(text: str) -> str:
    """A database, with the driver that is used for it."""
    scheme, _, rest = text.partition("://")
    if rest in {"", "/"} or (scheme == "sqlite" and not rest.startswith("//")):
        raise ValueError(text)
    return f"{DATABASE_SCHEMES[scheme]}://{rest}"


def broker_url(text: str) -> str:
    """A broker."""
    parts = urlsplit(text)
    place = parts.path.strip("/") if parts.scheme in {"redis+socket", "filesystem"} else parts.hostname
    if parts.scheme not in BROKER_SCHEMES or not place:
        raise ValueError(text)
    return text


def host_headers(text: str) -> tuple[str, ...]:
    """Host headers in lower case."""
    hosts = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(_HOST_HEADER.fullmatch(host) for host in hosts):
        raise ValueError(text)
    return hosts


def origin(text: str) -> str:
    """Scheme, host and port of a site, in lower case as a browser writes its origin."""
    scheme, mark, host = text.lower().removesuffix("/").partition("://")
    if scheme not in {"http", "https"} or not mark or not _HOST_HEADER.fullmatch(host):
        raise ValueError(text)
    default = {"http": ":80", "https": ":443"}[scheme]
    return f"{scheme}://{host.removesuffix(default)}"
