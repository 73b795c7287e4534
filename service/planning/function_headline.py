"""What a sweep over a function says: which settings arrive at a minimum, and how the others miss it.

There is one run per setting, so there is neither an interval nor a set of the best; and a function may be
unbounded below, so of the runs that have not converged no value is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.planning.headline_words import (
    LONGEST_LIST,
    Words,
    count,
    finished_in,
    listed,
    runs_in,
    stretches,
    value_text,
)
from service.planning.statistics import is_number
from service.planning.summary import SettingSummary, Summary


def clauses(summary: Summary, words: Words, at: str) -> Iterator[str]:
    """The parts of the sentence; `at` says for how many epochs, and with what, it holds."""
    finished = finished_in(summary)
    if not finished:
        yield f"No answer yet: 0 of {count(runs_in(summary), 'run')} finished"
        return
    settings, best = summary.settings, summary.best
    arrived = [setting for setting in settings if setting.eligible]
    which = _which(arrived, words) if len(arrived) < len(settings) else ""
    share = f"{len(arrived) or 'None'} of {count(len(settings), words.noun)} converged{at}"
    yield f"{share}, {which}" if which else share
    if best is not None and len(settings) > 1:
        value = best.metrics[summary.metric].mean
        ends = "" if value is None else f", with the value {value_text(summary.metric, value)}"
        yield f"{words.setting(best.setting)} ends lowest{ends}"
    missed = sum(setting.unconverged for setting in settings)
    diverged = sum(setting.diverged for setting in settings)
    yield f"{count(missed, 'run')} did not converge, {diverged} diverged"
    yield "one run each: nothing is random, so there is no interval"


def notes(summary: Summary) -> Iterator[str]:
    """What a reader of the sentence must not miss."""
    noun = Words(summary).noun
    missed = sum(setting.unconverged for setting in summary.settings)
    unturned = sum(setting.unturned for setting in summary.settings)
    if missed:
        yield (
            f"{count(missed, 'run')} ended where the derivative has not vanished, or at no minimum; however "
            f"low its value, such a {noun} cannot be best."
        )
    if unturned:
        yield (
            f"{unturned} of these never turned around: more epochs or a larger rate may still lead to "
            "a minimum, if there is one."
        )
    if missed - unturned:
        yield (
            f"{missed - unturned} of these turned around on the way, from one side to the other: a smaller "
            "rate may help."
        )


def _which(arrived: Sequence[SettingSummary], words: Words) -> str:
    """The values that converge, where one numeric parameter varies: `0.04 to 0.3`."""
    if len(words.group_by) != 1:
        return ""
    (name,) = words.group_by
    inside = [value for setting in arrived if is_number(value := setting.setting[name])]
    if len(inside) < len(arrived):
        return ""
    parts = stretches(words.grids[name], inside, lambda value: words.value(name, value))
    return listed(parts) if len(parts) <= LONGEST_LIST else ""
