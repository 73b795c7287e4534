"""Lists that are asked for of a store of 100,000 runs: every kind of filter and order, and far into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.service.store_shapes import HUGE, SMALL

Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Question:
    """A path below /api/v1 with its parameters."""

    path: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Call:
    """Questions of one kind, asked in turn; with `once` each is asked once, so that no answer is kept.

    `behind` is how many runs of the list are passed over before, 1,000 at a time.
    """

    name: str
    questions: Sequence[Question]
    once: bool = False
    behind: int = 0


def lists(sweeps: Mapping[str, str]) -> Iterator[Call]:
    """Of sweeps and of runs; `sweeps` has ids by name."""
    yield from _sweeps(sweeps)
    yield from _orders(sweeps)
    yield from _filters()
    yield from _filters_in_order(sweeps)
    yield from _far(sweeps)


def lists_of_one(sweep: str) -> Iterator[Call]:
    """Of a sweep with all runs."""
    yield call("one sweep", f"/sweeps/{sweep}")
    yield _runs("its runs", sweep=sweep)
    yield _runs("its runs, 1,000 on a page", sweep=sweep, limit=1000)
    for order in (
        "validation_loss",
        "-validation_loss",
        "-validation_macro_f1",
        "params.learning_rate, -validation_accuracy",
        "params.hidden_layers, -seed, train_loss.min",
    ):
        yield _runs(f"by {order}", sweep=sweep, order_by=order)
    for wanted in (
        "validation_loss < 0.0001",
        "params.learning_rate between 0.01 and 0.010001",
        "params.hidden_layers in ('[16]', '[64]') and not (seed > 3 or validation_loss >= 0.2)",
        "state = 'diverged' or validation_accuracy > 0.99",
        "reason like '%NaN%'",
    ):
        yield _runs(f"filter: {wanted}", sweep=sweep, filter=wanted)
        yield _runs(f"by loss: {wanted}", sweep=sweep, filter=wanted, order_by="validation_loss")
    for order in ("number", "-validation_loss"):
        yield _runs(f"by {order}, behind 90,000", behind=90_000, sweep=sweep, order_by=order)


def call(name: str, path: str, **parameters: str | int) -> Call:
    """One question, asked again and again."""
    return Call(name, [Question(path, parameters)])


def _runs(name: str, *, behind: int = 0, **parameters: str | int) -> Call:
    return Call(name, [Question("/runs", parameters)], behind=behind)


def _sweeps(sweeps: Mapping[str, str]) -> Iterator[Call]:
    yield call("sweeps", "/sweeps")
    yield call("sweeps, 200 on a page", "/sweeps", limit=200)
    for wanted in (
        "tags.course = 'ml-103' and name like 'small 1%'",
        "tags.nothing = 'x' or runs > 5000",
        "headline like '%nothing%'",
        "created_at < 2026-01-01 or state in ('failed', 'canceled')",
        "notes ilike '%RATES too low%'",
        "not (name like 'single%' or notes = '') and tags.place in ('lab', 'home')",
        "name = 'single 77: 1 rates'",
        "dataset = 'digits' and method = 'range_test'",
        "headline is null or task != 'classification'",
    ):
        yield call(f"sweeps: {wanted}", "/sweeps", filter=wanted)
    yield call("one sweep", f"/sweeps/{sweeps[HUGE]}")


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
        "-validation_loss",
        "validation_accuracy, -train_loss",
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


def _filters() -> Iterator[Call]:
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
        "configuration_hash like '%abcd%'",
        "params.activation in ('elu', 'tanh') or not params.optimizer in ('sgd', 'adam')",
        "not (params.hidden_layers in ('[16]', '[32]') or seed between 0 and 8)",
        "sweep_name like '40,000%' and validation_loss < 0.085",
        "sweep_name like '40,000%' or tags.course = 'nothing'",
        "params.learning_rate = 0.001 and params.l2 = 0.001 and seed = 9",
        "reason ilike '%infinity%' or diverged_tensor is not null",
        "tags.place = 'lab' and not tags.course in ('ml-101', 'ml-102', 'ml-103', 'ml-104', 'ml-105')",
        "created_at between 2026-09-21 and 2026-09-22",
        "role = 'linear' or method = 'range_test'",
        "dataset like 'dig%' and train_loss.max > 2.9",
        "epoch != 20 and epoch != 1000",
        "seed in (" + ", ".join(map(str, range(9, 209))) + ")",
    ):
        yield _runs(f"runs: {wanted[:100]}", filter=wanted)
    yield _runs("none failed", state="failed")


def _filters_in_order(sweeps: Mapping[str, str]) -> Iterator[Call]:
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
    # Few, at the end of an order that an index has: a plan that walks the index looks at every run.
    for order, wanted in (
        ("validation_loss", "params.epochs = 1000 and params.learning_rate > 2"),
        ("validation_loss", "sweep_name = 'single 77: 1 rates'"),
        ("validation_loss", "state = 'diverged'"),
        ("validation_loss", "tags.course = 'nothing'"),
        ("-validation_accuracy", "validation_accuracy < 0.3 and seed = 7"),
        ("-validation_loss", "params.hidden_layers = '[16]' and validation_loss < 0.1"),
        ("id", "configuration_hash like 'abc%'"),
        ("-id", "validation_loss > 1 and params.l2 = 0.001"),
        ("-finished_at", "method = 'random' and validation_accuracy > 0.97"),
        ("params.learning_rate", "params.learning_rate > 2.5 or tags.place = 'nowhere'"),
    ):
        yield _runs(f"by {order}: {wanted}", filter=wanted, order_by=order)


def _far(sweeps: Mapping[str, str]) -> Iterator[Call]:
    """Behind many pages: past what is at the other end, and among the runs without a value."""
    yield _runs("newest runs, behind 90,000", behind=90_000)
    yield _runs("all by validation_loss, behind 98,000", behind=98_000, order_by="validation_loss")
    order = "params.learning_rate, -validation_accuracy"
    yield _runs(f"all by {order}, behind 50,000", behind=50_000, order_by=order)
    wanted = "params.activation = 'relu' and not seed = 3"
    yield _runs(
        "one activation by -train_loss, behind 20,000", behind=20_000, filter=wanted, order_by="-train_loss"
    )
    yield _runs(
        "40,000 by -validation_loss, behind 39,000",
        behind=39_000,
        sweep=sweeps[HUGE],
        order_by="-validation_loss",
    )
