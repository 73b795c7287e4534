"""What is asked of a store of 100,000 runs: every kind of list, filter, order, summary and curve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmarks.service.store_shapes import HUGE, LARGE, LONG, RANDOM, SMALL

Parameters = Mapping[str, str | int]
COLUMNS = (
    "validation_loss",
    "train_loss",
    "validation_score",
    "train_score",
    "gradient_norm",
    "update_ratio",
    "learning_rate",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A path below /api/v1 with its parameters."""

    path: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Call:
    """Questions of one kind, asked in turn; with `once` each is asked once, so that no answer is kept."""

    name: str
    questions: Sequence[Question]
    once: bool = False


def every_call(
    sweeps: Mapping[str, str], runs: Mapping[str, Sequence[str]], hashes: Sequence[str]
) -> Iterator[Call]:
    """All kinds; `sweeps` has ids by name, `runs` first runs of some, `hashes` some settings of `LARGE`."""
    yield from _sweeps(sweeps)
    yield from _orders(sweeps)
    yield from _filters(sweeps)
    yield from _losses(runs)
    yield from _answers(sweeps)
    path = f"/sweeps/{sweeps[LARGE]}/comparison"
    pairs = [Question(path, {"a": hashes[0], "b": other}) for other in hashes[1:]]
    yield Call("comparison of two settings", pairs, once=True)
    yield _call("datasets", "/datasets")
    yield _call("workers", "/workers")


def _call(name: str, path: str, **parameters: str | int) -> Call:
    return Call(name, [Question(path, parameters)])


def _runs(name: str, **parameters: str | int) -> Call:
    return Call(name, [Question("/runs", parameters)])


def _sweeps(sweeps: Mapping[str, str]) -> Iterator[Call]:
    yield _call("sweeps", "/sweeps")
    yield _call("sweeps, 200 on a page", "/sweeps", limit=200)
    for wanted in (
        "tags.course = 'ml-103' and name like 'small 1%'",
        "tags.nothing = 'x' or runs > 5000",
        "headline like '%nothing%'",
        "created_at < 2026-01-01 or state in ('failed', 'canceled')",
    ):
        yield _call(f"sweeps: {wanted}", "/sweeps", filter=wanted)
    yield _call("one sweep", f"/sweeps/{sweeps[HUGE]}")


def _orders(sweeps: Mapping[str, str]) -> Iterator[Call]:
    yield _runs("newest runs")
    yield _runs("newest runs, 1,000 on a page", limit=1000)
    yield _runs("runs of a small sweep", sweep=sweeps[SMALL])
    yield _runs("runs of 40,000", sweep=sweeps[HUGE])
    yield _runs("runs of 40,000, 1,000 on a page", sweep=sweeps[HUGE], limit=1000)
    for order in ("validation_loss", "params.learning_rate, -validation_accuracy", "-validation_macro_f1"):
        yield _runs(f"40,000 by {order}", sweep=sweeps[HUGE], order_by=order)
    for order in (
        "validation_loss",
        "-validation_accuracy",
        "metrics.validation_loss.best",
        "-train_loss.max",
        "-validation_macro_f1",
        "-params.learning_rate",
        "params.activation, params.hidden_layers",
        "params.epsilon",
        "sweep_name, tags.course DESC",
        "-created_at",
        "dataset, seed",
        "-train_seconds",
        "-finished_at",
        "state, -epoch",
        "configuration_hash",
        "population",
        "params.activation, params.optimizer, -params.learning_rate, tags.place, -validation_loss",
    ):
        yield _runs(f"all by {order}", order_by=order)
    yield _runs("all by validation_loss, 1,000 on a page", order_by="validation_loss", limit=1000)


def _filters(sweeps: Mapping[str, str]) -> Iterator[Call]:
    for wanted in (
        "metrics.validation_loss < 0.12",
        "metrics.validation_loss < 0.0001",
        "metrics.validation_loss.best < 0.3 and params.activation = 'relu'",
        "params.learning_rate between 0.01 and 0.010001",
        "params.hidden_layers = '[128]' and params.l2 = 0.001",
        "params.epsilon = 0.5",
        "metrics.validation_accuracy > 0.95 and state = 'completed'",
        "metrics.train_loss = 'NaN'",
        "metrics.train_loss = 'Infinity'",
        "metrics.train_accuracy is null",
        "metrics.validation_loss is null and reason like '%NaN%'",
        "reason is not null",
        "tags.course = 'nothing'",
        "tags.nothing is not null",
        "weights_sha256 like '%zz'",
        "weights_sha256 like '0000%77' and sweep_name ilike '%SMALL%'",
        "not (validation_loss > 0.05 or validation_loss <= 0.04)",
        "params.learning_rate > 2.9 or validation_accuracy > 0.99 or tags.course = 'nothing'",
        "seed in (1, 2, 77) and not seed = 2",
        "state != 'completed'",
        "collapsed = true",
        "finished_at < 2026-01-01",
        "sweep_name = 'single 77: 1 rates'",
        "population = 'p_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10'",
        "reused_from is not null",
        "configuration_hash like 'ab%'",
    ):
        yield _runs(f"runs: {wanted}", filter=wanted)
    everything = (
        "(metrics.validation_loss < 0.2 or metrics.train_loss.max > 3) and params.learning_rate between 0.01 "
        "and 1 and tags.course in ('ml-101', 'ml-102') and not (state = 'failed' or seed > 7) "
        "and hidden_layers != '[16]'"
    )
    order = "metrics.validation_loss ASC, params.learning_rate DESC"
    yield _runs("runs: everything at once", filter=everything, order_by=order)
    yield _runs(
        "runs: most found, by another metric",
        filter="metrics.validation_loss < 5",
        order_by="metrics.train_loss",
    )
    yield _runs(
        "runs: tag and time, by time",
        filter="tags.place = 'lab' and created_at > 2026-09-22",
        order_by="-finished_at",
    )
    yield _runs(
        "runs: one method, by loss",
        filter="method = 'random' and validation_loss < 0.09",
        order_by="validation_loss",
    )
    yield _runs("40,000: nothing found", sweep=sweeps[HUGE], filter="validation_loss < 0.0001")
    yield _runs("none failed", state="failed")


def _losses(runs: Mapping[str, Sequence[str]]) -> Iterator[Call]:
    long, large = runs[LONG], runs[LARGE]
    yield Call("one run", [Question(f"/runs/{run}", {}) for run in long[:20]])
    yield Call("losses of a run, 1,000 epochs", [Question(f"/runs/{run}/losses", {}) for run in long[:20]])
    for points in (10, 100, 500):
        yield Call(
            f"losses of a run, 1,000 epochs in {points}",
            [Question(f"/runs/{run}/losses", {"max_points": points}) for run in long[:20]],
        )
    yield _call("losses of 200 runs, 20 epochs", "/losses", run_ids=",".join(large[:200]))
    yield _call("losses of 200 runs, 1,000 epochs", "/losses", run_ids=",".join(long[:200]))
    for points in (10, 100, 1000):
        yield _call(
            f"losses of 200 runs, 1,000 epochs in {points}",
            "/losses",
            run_ids=",".join(long[:200]),
            max_points=points,
        )


def _answers(sweeps: Mapping[str, str]) -> Iterator[Call]:
    """Summaries and curves: first asked, then asked again."""
    grouped = {
        HUGE: ("learning_rate", "hidden_layers", "l2"),
        LARGE: ("learning_rate", "hidden_layers"),
        LONG: ("learning_rate", "hidden_layers"),
        RANDOM: (),
        SMALL: ("learning_rate", "hidden_layers"),
    }
    for name, parameters in grouped.items():
        groups: list[Parameters] = [{}]
        for count in range(1, len(parameters) + 1):
            groups += [{"group_by": ",".join(chosen)} for chosen in combinations(parameters, count)]
        path = f"/sweeps/{sweeps[name]}"
        yield Call(f"summary of {name}", [Question(f"{path}/summary", each) for each in groups], once=True)
        yield _call(f"summary of {name}, again", f"{path}/summary")
        curves = [Question(f"{path}/curves", {**each, "column": c}) for c in COLUMNS for each in groups]
        more = [Question(f"{path}/curves", {"limit": 200, "column": column}) for column in COLUMNS]
        yield Call(f"curves of {name}", curves, once=True)
        yield Call(f"curves of {name}, 200 settings", more, once=True)
        yield _call(f"curves of {name}, again", f"{path}/curves", column=COLUMNS[0])
