"""The core trains to the numbers that PyTorch and scikit-learn trained to from the same first weights.

`python -m benchmarks.oracles` recorded them, and its programs say how each setting is converted. A start that
the core no longer draws means that the file is to be recorded anew; a wrong end means that a rule is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import fields
from core.configuration import resolve
from core.dropout import DropoutNumbers
from core.examples import Examples
from core.members import Member
from core.population import Population
from core.rows import RowSets, spans

Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import

FOLDER = Path(__file__).parent / "oracles"
RECORDED: dict[str, dict[str, Any]] = {
    library: json.loads((FOLDER / f"{library}.json").read_text()) for library in ("pytorch", "scikit_learn")
}
ALL = [(library, case) for library, recorded in RECORDED.items() for case in recorded["cases"]]
# Of an epoch's report; of the norm PyTorch's differs where a penalty is the optimizer's own.
CURVES = ("train_loss", "validation_loss", "learning_rate", "gradient_norm")


def cases(chosen: list[tuple[str, dict[str, Any]]]) -> pytest.MarkDecorator:
    names = [f"{library}: {case['name']}" for library, case in chosen]
    return pytest.mark.parametrize(("library", "case"), chosen, ids=names)


def assert_close(found: object, recorded: object, name: str) -> None:
    """Measured: at most 4e-14 apart; Adagrad's epsilon of 1e-10, misplaced, is already farther."""
    np.testing.assert_allclose(np.array(found), np.array(recorded), rtol=1e-11, atol=1e-14, err_msg=name)


def examples(library: str, case: dict[str, Any]) -> Examples:
    table = RECORDED[library]["tables"][case["table"]]
    targets = np.array(table["targets"], np.int64 if table["task"] == "classification" else None)
    return Examples(np.array(table["inputs"], np.float64), targets, table["outputs"], table["task"])


def member(library: str, case: dict[str, Any]) -> Member:
    start, table = RECORDED[library]["starts"][case["start"]], RECORDED[library]["tables"][case["table"]]
    configuration = resolve(case["values"], task=table["task"])
    rows = (np.array(start[name], np.int64) for name in ("train_rows", "validation_rows"))
    return Member(configuration, case["seed"], *rows)


@cases(ALL)
def test_a_run_still_begins_with_what_the_library_was_given(library: str, case: dict[str, Any]) -> None:
    start, one = RECORDED[library]["starts"][case["start"]], member(library, case)
    first = Population.start([one], examples(library, case)).parameters(0)
    assert {name: tensor.tolist() for name, tensor in first.items()} == start["parameters"]
    full = one.configuration.batch_size == "full"
    sets = RowSets([one.train_rows], None if full else [one.seed])
    orders = [sets.order(epoch)[0].tolist() for epoch in range(1, one.configuration.epochs + 1)]
    assert orders == start["orders"]


@cases(ALL)
def test_a_run_ends_where_the_library_ended(library: str, case: dict[str, Any], learn: Learn) -> None:
    history = learn([member(library, case)], examples(library, case))
    for name in CURVES:
        if name not in case or (name == "gradient_norm" and "l2" in case["values"]):
            continue
        found = [float(getattr(report, name)[0]) for report in history.reports]
        assert_close(found, case[name], name)
    last = history.endings[0].parameters
    assert last.keys() == case["parameters"].keys()
    for name, tensor in case["parameters"].items():
        assert_close(last[name], tensor, name)


@cases([(library, case) for library, case in ALL if "kept" in case])
def test_a_run_still_drops_the_outputs_that_the_library_dropped(library: str, case: dict[str, Any]) -> None:
    one = member(library, case)
    configuration, size = one.configuration, one.configuration.batch_size
    assert isinstance(size, int)
    numbers = DropoutNumbers([configuration.dropout], [one.seed], len(configuration.hidden_layers))
    for epoch, of_epoch in enumerate(case["kept"], start=1):
        numbers.begin(epoch)
        batches = spans(one.train_rows.size, size)
        for (begin, end), of_batch in zip(batches, of_epoch, strict=True):
            for layer, (units, kept) in enumerate(zip(configuration.hidden_layers, of_batch, strict=True)):
                stays = np.empty((1, end - begin, units), np.bool_)
                numbers.keep(layer, np.empty(stays.shape), stays)
                assert stays[0].tolist() == np.array(kept, np.bool_).tolist()


def test_the_cases_change_the_weights_so_that_a_rule_can_be_seen_to_be_wrong() -> None:
    for library, recorded in RECORDED.items():
        ends = [json.dumps([case["table"], case["start"], case["parameters"]]) for case in recorded["cases"]]
        assert len(set(ends)) == len(ends), library
        for case in recorded["cases"]:
            first = recorded["starts"][case["start"]]["parameters"]
            moved = [
                np.abs(np.subtract(first[name], last)).max() for name, last in case["parameters"].items()
            ]
            assert max(moved) > 1e-3, case["name"]


@pytest.mark.parametrize(
    ("field", "choices", "without"),
    [
        ("optimizer", fields.OPTIMIZERS, {"rprop"}),  # PyTorch has iRprop- alone
        ("loss", fields.LOSSES, set()),
        ("activation", fields.ACTIVATIONS, set()),
        ("learning_rate_schedule", fields.SCHEDULES, {"constant", fields.RANGE_TEST}),
    ],
)
def test_every_choice_that_pytorch_has_is_recorded(
    field: str, choices: tuple[str, ...], without: set[str]
) -> None:
    recorded = {case["values"].get(field) for case in RECORDED["pytorch"]["cases"]}
    assert set(choices) - recorded == without


def test_the_files_say_what_computed_them() -> None:
    assert set(RECORDED["pytorch"]["versions"]) == {"torch", "scikit-learn"}
    assert set(RECORDED["scikit_learn"]["versions"]) == {"numpy", "scikit-learn"}
