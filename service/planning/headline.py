"""A sweep's answer as one sentence, and the sentences about it that a reader must not miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.planning.significant import labels, percent, significant
from service.planning.statistics import FEWEST_SEEDS, Interval, Side, is_loss, is_number
from service.planning.summary import TEST_METRICS, SettingSummary, Summary

LONGEST_LIST = 6  # parts of a set that are listed; longer sets are counted
LONGEST_LIST_OF_PHRASES = 3  # the same where each part names several parameters
CAPITALS = {"r2": "R2", "rmse": "RMSE", "mae": "MAE", "f1": "F1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an answer holds for; None where it varies or does not apply."""

    epochs: int | None = None
    batch_size: int | str | None = None
    optimizer: str | None = None
    loss: str | None = None


def headline(summary: Summary, context: Context) -> str:
    """One sentence: the best, what cannot be told apart from it, how often it diverged, and the baselines."""
    words = _Words(summary)
    at = _conditions(summary, context)
    clauses = _with_best(summary, summary.best, words, at) if summary.best else _without_best(summary, at)
    sentence = "; ".join([*clauses, *_baselines(summary)])
    if not summary.complete and (finished := _finished(summary)):
        first = sentence[0].lower() + sentence[1:]
        return f"So far, with {finished} of {_runs(summary)} runs finished, {first}."
    return f"{sentence}."


def notes(summary: Summary) -> tuple[str, ...]:
    """What limits the answer, a sentence each."""
    return (*_notes_on_runs(summary), *_notes_on_values(summary))


class _Words:
    """How this sweep's settings are called."""

    def __init__(self, summary: Summary) -> None:
        self.group_by = summary.group_by
        self.by_rate_alone = summary.group_by == ("learning_rate",)
        self.noun = "rate" if self.by_rate_alone else "setting"
        self.grids = {name: _grid(summary, name) for name in summary.group_by}
        self.labels = {name: labels(grid) for name, grid in self.grids.items()}

    def value(self, name: str, value: object) -> str:
        if is_number(value):
            return self.labels[name][value]
        if isinstance(value, tuple):
            return f"[{', '.join(map(str, value))}]"
        return str(value).lower() if isinstance(value, bool) else str(value)

    def setting(self, setting: Mapping[str, object]) -> str:
        """A rate alone is its number; else every parameter is named that the setting uses."""
        if self.by_rate_alone:
            return self.value("learning_rate", setting["learning_rate"])
        used = [(name, value) for name, value in setting.items() if value is not None]
        return ", ".join(f"{name.replace('_', ' ')} {self.value(name, value)}" for name, value in used)


def _grid(summary: Summary, name: str) -> list[float]:
    return sorted({value for setting in summary.settings if is_number(value := setting.setting[name])})


def _with_best(summary: Summary, best: SettingSummary, words: _Words, at: str) -> Iterator[str]:
    settings = summary.settings
    seeds = _count(summary.compared_seeds, "seed")
    rates = _count(len(settings), words.noun)
    few = summary.compared_seeds < FEWEST_SEEDS
    too_few = f"{seeds} {'is' if summary.compared_seeds == 1 else 'are'} too few"
    ranked_by = "" if summary.metric == "validation_loss" else f" by {_name(summary.metric)}"
    if all(setting.collapsed == setting.completed for setting in settings):
        collapsed = sum(setting.collapsed for setting in settings)
        yield f"No {words.noun} is better than the constant predictor{at}"
        yield f"all {_count(collapsed, 'completed run')} collapsed ({seeds}, {rates})"
        yield f"{sum(setting.diverged for setting in settings)} of {_finished(summary)} diverged"
        return
    if len(settings) == 1:
        only = "The only setting has" if not summary.pooled else "All settings together have"
        yield f"{only} {_measured(summary.metric, best.metrics[summary.metric])}{at}"
        yield f"{too_few} for an interval" if few else f"95 %, {seeds}"
    elif few:
        extreme = "lowest" if summary.goal == "minimize" else "highest"
        yield f"{words.setting(best.setting)} has the {extreme} {_name(summary.metric)}{at}"
        yield f"{too_few} to say how sure that is ({rates})"
    else:
        yield f"{words.setting(best.setting)} is best{ranked_by}{at}"
        yield f"{_set(summary, best, words)} (95 %, {seeds}, {rates})"
    if summary.edges:
        yield f"the optimum may lie outside the grid, {_beyond(summary, words)}"
    collapsed_too = f", {best.collapsed} collapsed" if best.collapsed else ""
    yield f"{best.diverged} of {best.completed} diverged{collapsed_too}"
    if summary.test:
        rmse = f", RMSE {significant(summary.test.rmse)}" if summary.test.rmse is not None else ""
        yield f"{_measured(summary.test.metric, summary.test.interval)}{rmse}"


def _without_best(summary: Summary, at: str) -> Iterator[str]:
    settings = summary.settings
    noun = _Words(summary).noun
    diverged = sum(setting.diverged for setting in settings)
    finished, runs = _finished(summary), _runs(summary)
    if not finished:
        yield f"No answer yet: 0 of {_count(runs, 'run')} finished"
    elif summary.mixed_losses:
        yield f"No {noun} is named best{at}: {_mixed_losses(summary)}"
    elif all(setting.diverged for setting in settings):
        yield f"No {noun} can be best{at}: each of {_count(len(settings), noun)} diverged at least once"
        yield f"{diverged} of {_count(finished, 'run')} diverged"
    else:
        failed = sum(setting.failed for setting in settings)
        yield f"No {noun} can be ranked by {_name(summary.metric)}{at}"
        yield f"of {_count(runs, 'run')}, {diverged} diverged and {failed} failed"


def _conditions(summary: Summary, context: Context) -> str:
    """` at 30 epochs (batch 32, sgd, cross-entropy)`; what varies inside a setting is called varied."""
    batch = f"batch {context.batch_size}" if context.batch_size != "full" else "full batch"
    told = {
        "batch_size": batch if context.batch_size is not None else None,
        "optimizer": context.optimizer,
        "loss": context.loss and context.loss.replace("_entropy", "-entropy").replace("_", " "),
    }
    parts = [
        text or (f"varied {_name(name)}" if name in summary.pooled else None) for name, text in told.items()
    ]
    inside = ", ".join(part for part in parts if part)
    epochs = _count(context.epochs, "epoch") if context.epochs is not None else ""
    epochs = epochs or ("varied epochs" if "epochs" in summary.pooled else "")
    return (f" at {epochs}" if epochs else "") + (f" ({inside})" if inside else "")


def _set(summary: Summary, best: SettingSummary, words: _Words) -> str:
    members = summary.best_set
    others = [setting for setting in members if setting is not best]
    if not others:
        return _alone(summary)
    if len(words.group_by) > 1:
        if len(others) > LONGEST_LIST_OF_PHRASES:
            return f"{len(others)} others cannot be told apart from it"
        return (
            f"{_list([f'({words.setting(other.setting)})' for other in others])} cannot be told apart from it"
        )
    (name,) = words.group_by
    inside = [setting.setting[name] for setting in members]
    numbers = [value for value in inside if is_number(value)]
    if len(numbers) == len(inside):
        parts = _stretches(words.grids[name], numbers, lambda value: words.value(name, value))
    else:
        parts = [words.value(name, value) for value in inside]
    if len(parts) > LONGEST_LIST:
        return f"{len(members)} {words.noun}s cannot be told apart"
    named = "" if words.by_rate_alone else f"{_name(name)} "
    return f"{named}{_list(parts)} cannot be told apart"


def _alone(summary: Summary) -> str:
    ranked = sum(setting.eligible for setting in summary.settings) - 1
    if not ranked:
        return "no other could be ranked"
    verb = "is" if ranked == 1 else "are"
    if ranked == len(summary.settings) - 1:
        return f"the other {verb} worse" if ranked == 1 else f"the other {ranked} {verb} worse"
    return f"{_count(ranked, 'other')} that could be ranked {verb} worse"


def _stretches(grid: Sequence[float], inside: Sequence[float], label: Callable[[float], str]) -> list[str]:
    """The values inside, in order; three or more neighbours on the grid are written `first to last`."""
    runs: list[list[float]] = []
    for before, value in zip([None, *grid], grid, strict=False):
        if value not in inside:
            continue
        if runs and before is not None and runs[-1][-1] == before:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts: list[str] = []
    for run in runs:
        parts += [f"{label(run[0])} to {label(run[-1])}"] if len(run) > 2 else [label(value) for value in run]
    return parts


def _beyond(summary: Summary, words: _Words) -> str:
    told = []
    for edge in summary.edges:
        lowest, *_, highest = words.grids[edge.parameter]
        below = f"below {words.value(edge.parameter, lowest)}"
        above = f"above {words.value(edge.parameter, highest)}"
        sides: dict[Side, str] = {"low": below, "high": above, "both": f"{below} or {above}"}
        named = "" if len(words.group_by) == 1 else f"in {_name(edge.parameter)} "
        told.append(f"{named}{sides[edge.side]}")
    return _list(told)


def _baselines(summary: Summary) -> Iterator[str]:
    metric = TEST_METRICS.get(summary.task, "")
    told = []
    if metric in summary.constant:
        told.append(f"constant {_value(metric, summary.constant[metric])}")
    if summary.linear_pending:  # a number would still move
        told.append("linear still training")
    elif summary.linear and metric in summary.linear.metrics:
        told.append(f"linear {_value(metric, summary.linear.metrics[metric])}")
    if told:
        yield ", ".join(told)


def _notes_on_runs(summary: Summary) -> Iterator[str]:
    settings = summary.settings
    noun = _Words(summary).noun
    failed = sum(setting.failed for setting in settings)
    canceled = sum(setting.canceled for setting in settings)
    diverged = sum(setting.diverged > 0 for setting in settings)
    if not summary.complete:
        yield (
            f"Partial: {_finished(summary)} of {_count(_runs(summary), 'run')} finished; "
            f"{noun}s are compared on the {_count(summary.compared_seeds, 'seed')} that all ranked ones have."
        )
    if canceled:
        yield f"{_count(canceled, 'run')} canceled."
    if failed:
        yield f"{_count(failed, 'run')} failed; a {noun} with a failed run is not ranked until it is retried."
    if diverged:
        barred = f"{_count(diverged, noun)} diverged at least once and cannot be best"
        yield f"{barred}; means there are over survivors only."
    if summary.linear_runs and not summary.linear and not summary.linear_pending:
        yield "The linear baseline has no ranked setting."


def _notes_on_values(summary: Summary) -> Iterator[str]:
    words = _Words(summary)
    if summary.mixed_losses:
        yield f"Not ranked: {_mixed_losses(summary)}."
    if summary.pooled:
        pooled = _list([_name(name) for name in summary.pooled])
        yield f"A seed's value is a mean over the configurations of its {words.noun}, differing in {pooled}."
    if 0 < summary.compared_seeds < FEWEST_SEEDS:
        seeds = _count(summary.compared_seeds, "seed")
        yield f"{seeds}: intervals and the set of the best need at least {FEWEST_SEEDS}."
    if is_loss(summary.metric):
        geometric = "geometric, intervals on a log scale"
        scale = geometric if summary.log_scale else "arithmetic, as not all values are above 0"
        yield f"Means of {_name(summary.metric)} are {scale}."
    if summary.edges:
        yield f"The optimum may lie outside the grid, {_beyond(summary, words)}: extend the sweep there."
    if summary.test and summary.test.interval.low is None and summary.test.interval.n >= FEWEST_SEEDS:
        yield f"No interval for {_name(summary.test.metric)}: its spread over the test rows is not known."


def _mixed_losses(summary: Summary) -> str:
    losses = _list(summary.mixed_losses)
    return f"{_name(summary.metric)} cannot rank runs trained with different losses ({losses})"


def _measured(metric: str, found: Interval) -> str:
    """`test accuracy 96.8 % [94.7, 98.4]`; a mean without an interval stands alone."""
    if found.mean is None:
        return f"no {_name(metric)}"
    text = f"{_name(metric)} {_value(metric, found.mean)}"
    if found.low is None or found.high is None:
        return text
    ends = (_value(metric, end).removesuffix(" %") for end in (found.low, found.high))
    return f"{text} [{', '.join(ends)}]"


def _value(metric: str, value: float) -> str:
    if metric.endswith(("accuracy", "macro_f1")):
        return f"{percent(value)} %"
    return f"{value:z.2f}" if metric.endswith("r2") else significant(value)


def _name(name: str) -> str:
    return " ".join(CAPITALS.get(word, word) for word in name.split("_"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _list(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _runs(summary: Summary) -> int:
    return sum(setting.runs for setting in summary.settings)


def _finished(summary: Summary) -> int:
    """Runs with an outcome of their own: not those that wait, train, failed or were canceled."""
    without = sum(setting.pending + setting.failed + setting.canceled for setting in summary.settings)
    return _runs(summary) - without
