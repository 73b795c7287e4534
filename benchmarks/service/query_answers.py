"""What is asked of single runs and sweeps of a store of 100,000 runs: losses, summaries, curves and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from benchmarks.service.query_calls import Call, Parameters, Question, call
from benchmarks.service.store_shapes import HUGE, LARGE, LONG, RANDOM, SCREENED, SMALL, WHOLE

COLUMNS = (
    "validation_loss",
    "train_loss",
    "validation_score",
    "train_score",
    "gradient_norm",
    "update_ratio",
    "learning_rate",
)
VARIED: Mapping[str, Sequence[str]] = {
    HUGE: ("learning_rate", "hidden_layers", "l2"),
    LARGE: ("learning_rate", "hidden_layers"),
    LONG: ("learning_rate", "hidden_layers"),
    RANDOM: (),
    SMALL: ("learning_rate", "hidden_layers"),
    WHOLE: ("learning_rate", "hidden_layers"),
}


def answers(
    sweeps: Mapping[str, str], runs: Mapping[str, Sequence[str]], hashes: Mapping[str, Sequence[str]]
) -> Iterator[Call]:
    """`sweeps` has ids by name, `runs` first runs of some, `hashes` the first settings of some."""
    yield from _losses(runs)
    for name in (HUGE, LARGE, LONG, RANDOM, SMALL):
        yield from answers_of(name, sweeps[name])
    for name, known in hashes.items():
        yield comparison(name, sweeps[name], known)
    yield call("screening of 1,000 range tests", f"/sweeps/{sweeps[SCREENED]}/screening")
    yield call("summary of 1,000 range tests", f"/sweeps/{sweeps[SCREENED]}/summary")
    yield call("3,000 events of a sweep", f"/sweeps/{sweeps[HUGE]}/events", after=0)
    yield call("completion of a sweep's name", "/runs:complete", text="sweep_name = '")
    yield call("completion of a parameter", "/runs:complete", text="params.learning_rate = ")
    yield call("completion of a tag, for sweeps", "/sweeps:complete", text="tags.course = '")
    yield call("datasets", "/datasets")
    yield call("workers", "/workers")


def answers_of(name: str, sweep: str) -> Iterator[Call]:
    """Summaries, curves, points and importance of one sweep: first asked, then asked again."""
    groups: list[Parameters] = [{}]
    for count in range(len(VARIED[name]) + 1):
        groups += [{"group_by": ",".join(chosen)} for chosen in combinations(VARIED[name], count)]
    path = f"/sweeps/{sweep}"
    yield Call(f"summary of {name}", [Question(f"{path}/summary", each) for each in groups], once=True)
    yield call(f"summary of {name}, again", f"{path}/summary")
    curves = [Question(f"{path}/curves", {**each, "column": c}) for c in COLUMNS for each in groups]
    more = [Question(f"{path}/curves", {"limit": 200, "column": column}) for column in COLUMNS]
    fewer = [
        Question(f"{path}/curves", {"limit": 200, "max_points": points, "column": column})
        for column in COLUMNS
        for points in (5, 50)
    ]
    yield Call(f"curves of {name}", curves, once=True)
    yield Call(f"curves of {name}, 200 settings", more, once=True)
    yield Call(f"curves of {name}, 200 settings in fewer points", fewer, once=True)
    yield call(f"curves of {name}, again", f"{path}/curves", column=COLUMNS[0])
    # Each limit is a question of its own, so that none is answered by what is kept.
    points = [
        Question(f"{path}/points", {"limit": limit}) for limit in (2000, 1999, 1998, 9998, 9999, 10_000)
    ]
    yield Call(f"points of {name}", points, once=True)
    yield Call(f"importance of {name}", [Question(f"{path}/importance", {})], once=True)


def comparison(name: str, sweep: str, hashes: Sequence[str]) -> Call:
    """The first setting with each other."""
    path = f"/sweeps/{sweep}/comparison"
    pairs = [Question(path, {"a": hashes[0], "b": other}) for other in hashes[1:]]
    return Call(f"comparison of two settings of {name}", pairs, once=True)


def _losses(runs: Mapping[str, Sequence[str]]) -> Iterator[Call]:
    long, large = runs[LONG], runs[LARGE]
    yield Call("one run", [Question(f"/runs/{run}", {}) for run in long[:20]])
    yield Call("losses of a run, 1,000 epochs", [Question(f"/runs/{run}/losses", {}) for run in long[:20]])
    for points in (10, 100, 500):
        yield Call(
            f"losses of a run, 1,000 epochs in {points}",
            [Question(f"/runs/{run}/losses", {"max_points": points}) for run in long[:20]],
        )
    yield call("losses of 200 runs, 20 epochs", "/losses", run_ids=",".join(large[:200]))
    yield call("losses of 200 runs, 1,000 epochs", "/losses", run_ids=",".join(long[:200]))
    for points in (10, 100, 1000):
        yield call(
            f"losses of 200 runs, 1,000 epochs in {points}",
            "/losses",
            run_ids=",".join(long[:200]),
            max_points=points,
        )
