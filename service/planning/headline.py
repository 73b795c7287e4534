"""A sweep's answer as one sentence, and the sentences about it that a reader must not miss."""

from __future__ import annotations

from collections.abc import Iterator

from service.planning import function_headline
from service.planning.configurations import FUNCTION
from service.planning.headline_words import (
    LONGEST_LIST,
    Context,
    Words,
    conditions,
    count,
    finished_in,
    listed,
    measured,
    name_text,
    outside,
    runs_in,
    stretches,
    value_text,
)
from service.planning.significant import significant
from service.planning.statistics import FEWEST_SEEDS, is_loss, is_number
from service.planning.summary import TEST_METRICS, SettingSummary, Summary

LONGEST_LIST_OF_PHRASES = 3  # the same where each part names several parameters


def headline(summary: Summary, context: Context) -> str:
    """One sentence: the best, what cannot be told apart from it, how often it diverged, and the baselines."""
    if context.screening is not None:
        return context.screening
    words = Words(summary)
    at = conditions(summary, context)
    if summary.task == FUNCTION:
        clauses = function_headline.clauses(summary, words, at)
    elif summary.best:
        clauses = _with_best(summary, summary.best, words, at)
    else:
        clauses = _without_best(summary, at)
    sentence = "; ".join([*clauses, *_baselines(summary)])
    if not summary.complete and (finished := finished_in(summary)):
        first = sentence[0].lower() + sentence[1:]
        return f"So far, with {finished} of {runs_in(summary)} runs finished, {first}."
    return f"{sentence}."


def notes(summary: Summary) -> tuple[str, ...]:
    """What limits the answer, a sentence each."""
    on_values = function_headline.notes if summary.task == FUNCTION else _notes_on_values
    return (*_notes_on_runs(summary), *on_values(summary))


def _with_best(summary: Summary, best: SettingSummary, words: Words, at: str) -> Iterator[str]:
    settings = summary.settings
    seeds = count(summary.compared_seeds, "seed")
    rates = count(len(settings), words.noun)
    few = summary.compared_seeds < FEWEST_SEEDS
    too_few = f"{seeds} {'is' if summary.compared_seeds == 1 else 'are'} too few"
    ranked_by = "" if summary.metric == "validation_loss" else f" by {name_text(summary.metric)}"
    if all(setting.collapsed == setting.completed for setting in settings):
        collapsed = sum(setting.collapsed for setting in settings)
        yield f"No {words.noun} is better than the constant predictor{at}"
        yield f"all {count(collapsed, 'completed run')} collapsed ({seeds}, {rates})"
        yield f"{sum(setting.diverged for setting in settings)} of {finished_in(summary)} diverged"
        return
    if len(settings) == 1:
        only = "The only setting has" if not summary.pooled else "All settings together have"
        yield f"{only} {measured(summary.metric, best.metrics[summary.metric])}{at}"
        yield f"{too_few} for an interval" if few else f"95 %, {seeds}"
    elif few:
        extreme = "lowest" if summary.goal == "minimize" else "highest"
        yield f"{words.setting(best.setting)} has the {extreme} {name_text(summary.metric)}{at}"
        yield f"{too_few} to say how sure that is ({rates})"
    else:
        yield f"{words.setting(best.setting)} is best{ranked_by}{at}"
        yield f"{_set(summary, best, words)} (95 %, {seeds}, {rates})"
    if summary.edges:
        yield outside(summary, words)
    collapsed_too = f", {best.collapsed} collapsed" if best.collapsed else ""
    yield f"{best.diverged} of {best.completed} diverged{collapsed_too}"
    if summary.test:
        rmse = f", RMSE {significant(summary.test.rmse)}" if summary.test.rmse is not None else ""
        yield f"{measured(summary.test.metric, summary.test.interval)}{rmse}"


def _without_best(summary: Summary, at: str) -> Iterator[str]:
    settings = summary.settings
    noun = Words(summary).noun
    diverged = sum(setting.diverged for setting in settings)
    finished, runs = finished_in(summary), runs_in(summary)
    if not finished:
        yield f"No answer yet: 0 of {count(runs, 'run')} finished"
    elif summary.mixed_losses:
        yield f"No {noun} is named best{at}: {_mixed_losses(summary)}"
    elif all(setting.diverged for setting in settings):
        yield f"No {noun} can be best{at}: each of {count(len(settings), noun)} diverged at least once"
        yield f"{diverged} of {count(finished, 'run')} diverged"
    else:
        failed = sum(setting.failed for setting in settings)
        yield f"No {noun} can be ranked by {name_text(summary.metric)}{at}"
        yield f"of {count(runs, 'run')}, {diverged} diverged and {failed} failed"


def _set(summary: Summary, best: SettingSummary, words: Words) -> str:
    members = summary.best_set
    others = [setting for setting in members if setting is not best]
    if not others:
        return _alone(summary)
    if len(words.group_by) > 1:
        if len(others) > LONGEST_LIST_OF_PHRASES:
            return f"{len(others)} others cannot be told apart from it"
        told = listed([f"({words.setting(other.setting)})" for other in others])
        return f"{told} cannot be told apart from it"
    (name,) = words.group_by
    inside = [setting.setting[name] for setting in members]
    numbers = [value for value in inside if is_number(value)]
    if len(numbers) == len(inside):
        parts = stretches(words.grids[name], numbers, lambda value: words.value(name, value))
    else:
        parts = [words.value(name, value) for value in inside]
    if len(parts) > LONGEST_LIST:
        return f"{len(members)} {words.noun}s cannot be told apart"
    named = "" if words.by_rate_alone else f"{name_text(name)} "
    return f"{named}{listed(parts)} cannot be told apart"


def _alone(summary: Summary) -> str:
    ranked = sum(setting.eligible for setting in summary.settings) - 1
    if not ranked:
        return "no other could be ranked"
    verb = "is" if ranked == 1 else "are"
    if ranked == len(summary.settings) - 1:
        return f"the other {verb} worse" if ranked == 1 else f"the other {ranked} {verb} worse"
    return f"{count(ranked, 'other')} that could be ranked {verb} worse"


def _baselines(summary: Summary) -> Iterator[str]:
    metric = TEST_METRICS.get(summary.task, "")
    told = []
    if metric in summary.constant:
        told.append(f"constant {value_text(metric, summary.constant[metric])}")
    if summary.linear_pending:  # a number would still move
        told.append("linear still training")
    elif summary.linear and metric in summary.linear.metrics:
        told.append(f"linear {value_text(metric, summary.linear.metrics[metric])}")
    if told:
        yield ", ".join(told)


def _notes_on_runs(summary: Summary) -> Iterator[str]:
    settings = summary.settings
    noun = Words(summary).noun
    failed = sum(setting.failed for setting in settings)
    canceled = sum(setting.canceled for setting in settings)
    diverged = sum(setting.diverged > 0 for setting in settings)
    if not summary.complete:
        finished = f"{finished_in(summary)} of {count(runs_in(summary), 'run')} finished"
        yield f"Partial: {finished}{_compared(summary)}."
    if canceled:
        yield f"{count(canceled, 'run')} canceled."
    if failed:
        yield f"{count(failed, 'run')} failed; a {noun} with a failed run is not ranked until it is retried."
    if diverged:
        if summary.task == FUNCTION:
            yield f"{count(diverged, noun)} diverged and cannot be best."
        else:
            barred = f"{count(diverged, noun)} diverged at least once and cannot be best"
            yield f"{barred}; means there are over survivors only."
    if summary.linear_runs and not summary.linear and not summary.linear_pending:
        yield "The linear baseline has no ranked setting."


def _compared(summary: Summary) -> str:
    if summary.task == FUNCTION:
        return ""
    seeds = count(summary.compared_seeds, "seed")
    return f"; {Words(summary).noun}s are compared on the {seeds} that all ranked ones have"


def _notes_on_values(summary: Summary) -> Iterator[str]:
    words = Words(summary)
    if summary.mixed_losses:
        yield f"Not ranked: {_mixed_losses(summary)}."
    if summary.pooled:
        pooled = listed([name_text(name) for name in summary.pooled])
        yield f"A seed's value is a mean over the configurations of its {words.noun}, differing in {pooled}."
    if 0 < summary.compared_seeds < FEWEST_SEEDS:
        seeds = count(summary.compared_seeds, "seed")
        yield f"{seeds}: intervals and the set of the best need at least {FEWEST_SEEDS}."
    if is_loss(summary.metric):
        geometric = "geometric, intervals on a log scale"
        scale = geometric if summary.log_scale else "arithmetic, as not all values are above 0"
        yield f"Means of {name_text(summary.metric)} are {scale}."
    if summary.looks > 1:
        yield "Seeds were added to results that had been seen: the set is tested at a quarter of the error."
    if summary.test_reveals:
        times = count(summary.test_reveals, "time")
        yield f"Runs were chosen by test metrics {times}: the test result is no longer unbiased."
    if summary.edges:
        told = outside(summary, words)
        to_do = "a new sweep can draw from a wider range" if summary.is_drawn else "extend the sweep there"
        yield f"{told[0].upper()}{told[1:]}: {to_do}."
    if summary.test and summary.test.interval.low is None and summary.test.interval.n >= FEWEST_SEEDS:
        yield f"No interval for {name_text(summary.test.metric)}: its spread over the test rows is not known."


def _mixed_losses(summary: Summary) -> str:
    losses = listed(summary.mixed_losses)
    return f"{name_text(summary.metric)} cannot rank runs trained with different losses ({losses})"
