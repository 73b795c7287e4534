"""What can go wrong, as exceptions that carry the service's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class BacksweepError(Exception):
    """Everything that this package raises on purpose."""


class Unreachable(BacksweepError):
    """Nothing answers at the service's address, or it stopped answering."""


class NoToken(BacksweepError):
    """The service wants to know who asks, and no token or key could be found."""


class TimedOut(BacksweepError, TimeoutError):
    """What was waited for did not happen in the time that was given."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent: where, what, the value there and what is allowed."""

    path: str
    message: str
    value: str | None = None
    allowed: str | None = None

    def __str__(self) -> str:
        """One line."""
        text = f"{self.path}: {self.message}" if self.path else self.message
        said = [f"it is {self.value}"] if self.value is not None else []
        said += [f"allowed: {self.allowed}"] if self.allowed else []
        return f"{text} ({'; '.join(said)})" if said else text


class Problem(BacksweepError):
    """A refusal by the service: an RFC 9457 problem document with its status and every fault."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Fault] = (),
        *,
        instance: str = "",
        request_id: str = "",
    ) -> None:
        self.status = status
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.instance = instance
        self.request_id = request_id
        super().__init__("\n  ".join([detail or title, *map(str, self.errors)]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive a process pool."""
        return _again, (type(self), self.status, self.title, self.detail, self.errors, self.instance)

    @property
    def sentence(self) -> str:
        """Everything that is wrong, on one line."""
        return " ".join([self.detail or self.title, *(f"{fault}." for fault in self.errors)])


class Unauthorized(Problem):
    """401: no token or key, or one that is unknown or has expired."""


class Forbidden(Problem):
    """403: the key may not do this, or the address is not one that the service answers to."""


class NotFound(Problem):
    """404: there is no such thing, or it is somebody else's."""


class Conflict(Problem):
    """409: not in the state that things are in."""


class TooLarge(Problem):
    """413: more bytes than the service takes."""


class Invalid(Problem):
    """422: `errors` says everything that is wrong with what was sent."""


class TooMany(Problem):
    """429: more than the key may ask for, for now."""


class ServiceFailed(Problem):
    """5xx: the service's own mistake, or it cannot work at the moment."""


_KINDS: Mapping[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: Invalid,
    429: TooMany,
}


def problem(status: int, document: object, reason: str) -> Problem:
    """The exception for an answer that is no success; `document` is its JSON, if it has one."""
    kind = ServiceFailed if status >= 500 else _KINDS.get(status, Problem)
    if not isinstance(document, Mapping):
        return kind(status, reason or "Refused", f"The service answered {status} {reason}.")
    faults = [
        Fault(str(each.get("path", "")), str(each.get("message", "")), each.get("value"), each.get("allowed"))
        for each in document.get("errors") or ()
        if isinstance(each, Mapping)
    ]
    return kind(
        status,
        str(document.get("title", reason)),
        str(document.get("detail", "")),
        faults,
        instance=str(document.get("instance", "")),
        request_id=str(document.get("request_id", "")),
    )


def _again(
    kind: type[Problem], status: int, title: str, detail: str, errors: Sequence[Fault], instance: str
) -> Problem:
    return kind(status, title, detail, errors, instance=instance)
