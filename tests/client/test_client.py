from __future__ import annotations

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from backsweep_client import (
    Client,
    Comparison,
    Conflict,
    Invalid,
    NotFound,
    Sweep,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from core.hashing import weights_sha256
from service.datasets import builtin
from tests.client.sweeps import ENDLESS, WINE
from tests.servers.service import RunningService


def test_the_service_of_this_machine_is_found_by_its_token_file_and_port(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    with Client() as client:
        assert client.ready()["database"]["ok"]
        assert isinstance(list(client.sweeps(1)), list)


def test_a_token_that_is_written_anew_is_read_anew(
    service: RunningService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKSWEEP_HOME", str(tmp_path))
    (tmp_path / "token").write_text("of-the-last-start-0123456789\n")
    with Client(service.url) as client:
        with pytest.raises(Unauthorized):
            list(client.sweeps(1))
        (tmp_path / "token").write_text(service.token)
        list(client.sweeps(1))


def test_a_completed_sweep_tells_its_headline_counts_and_answer(wine: Sweep) -> None:
    assert wine.state == "completed"
    assert wine.is_final
    assert wine.fraction == 1.0
    assert wine.counts["completed"] == 6 * 4  # hidden_layers [] is a linear network already
    assert wine.headline is not None
    summary = wine.summary()
    assert summary.headline == wine.headline
    assert len(summary.settings) == 6
    best = next(each for each in summary.settings if each.best)
    assert best.setting == summary.best
    means = [each.metrics["validation_loss"].mean for each in summary.settings]
    assert best.metrics["validation_loss"].mean == min(mean for mean in means if mean is not None)
    assert len(wine.summary(group_by="learning_rate").settings) == 3


def test_the_best_in_numbers_is_the_summarys(wine: Sweep) -> None:
    best = next(each for each in wine.summary().settings if each.best)
    found = wine.best_result
    assert found is not None
    assert found.setting == best.setting
    assert found.interval.mean == best.metrics["validation_loss"].mean
    assert found.interval.n == 4


def test_what_matters_comes_first(wine: Sweep) -> None:
    found = wine.importance()
    assert {each.parameter for each in found} == {"learning_rate", "hidden_layers"}
    assert found.method == "grid"
    shares = [each.share for each in found]
    assert shares == sorted(shares, reverse=True)
    assert str(found).startswith(f"{found.items[0].parameter} {100 * shares[0]:.1f} %")


def test_two_settings_are_compared_at_the_same_seeds(wine: Sweep) -> None:
    settings = wine.summary().settings
    best = next(each for each in settings if each.best)
    worst = max(settings, key=lambda each: each.metrics["validation_loss"].mean or 0.0)
    found, reverse = wine.compare(best, worst), wine.compare(worst, best)
    assert (found.metric, found.pairs) == ("validation_loss", 4)
    assert found.wins + found.ties + reverse.wins == 4
    assert found.probability is not None
    assert reverse.probability == pytest.approx(1 - found.probability)
    assert str(found).startswith(f"{found.verdict} (a is better at {found.wins} of 4 seeds; probability ")


def test_what_stands_for_several_configurations_is_not_compared(wine: Sweep) -> None:
    whole, grouped = wine.summary().settings[0], wine.summary("learning_rate").settings[0]
    with pytest.raises(ValueError, match=r"b is learning_rate 0\.01, which stands for several"):
        wine.compare(whole, grouped)


def test_a_comparison_without_a_common_seed_says_so() -> None:
    nothing = dict.fromkeys(("probability", "low", "high"))
    document = {
        "metric": "r2",
        "pairs": 0,
        "wins": 0,
        "ties": 0,
        "verdict": "not told apart",
        "needed_pairs": 29,
    }
    found = Comparison.of({**document, **nothing})
    assert str(found) == "not told apart (no seed at which both have r2)"


def test_where_nothing_varies_the_reason_is_told(client: Client) -> None:
    sweep = client.submit({"dataset": "iris", "seeds": 3, "parameters": {"epochs": 1}}).wait()
    found = sweep.importance()
    assert not found.items
    assert str(found) == found.reason


def test_runs_come_page_by_page_in_order(wine: Sweep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsweep_client.runs.PAGE_SIZE", 5)
    assert [run.number for run in wine.runs()] == list(range(1, 25))
    assert [run.number for run in wine.runs(limit=7)] == list(range(1, 8))
    losses = [run.metrics["validation_loss"] for run in wine.runs(order_by="validation_loss")]
    assert losses == sorted(losses)


def test_losses_are_columns_rows_and_an_array(wine: Sweep, client: Client) -> None:
    run = next(wine.runs())
    losses = run.losses()
    assert losses["epoch"] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert losses["validation_loss"][-1] == run.metrics["validation_loss"]
    assert [row["train_loss"] for row in losses] == losses["train_loss"]
    table = losses.to_numpy()
    assert table.shape == (5, len(losses.columns))
    assert table[:, losses.columns.index("train_loss")].tolist() == losses["train_loss"]
    with pytest.raises(KeyError, match="train_loss"):
        losses["los"]
    many = client.losses(wine.runs())
    assert len(many) == 24
    assert many[0] == losses


def test_layers_are_columns_over_the_epochs(wine: Sweep) -> None:
    run = next(wine.runs())
    found = run.layers()
    assert (found.run, found.epochs) == (run.id, (1, 2, 3, 4, 5))
    assert len(found.layers) == len(run.configuration["hidden_layers"]) + 1
    for layer in found.layers:
        assert sorted(layer) == ["gradient_norm", "update_ratio", "weight_norm"]
        assert all(len(column) == 5 and min(column) > 0 for column in layer.values())
    later = run.layers(after_epoch=4)
    assert later.layers[-1]["weight_norm"] == found.layers[-1]["weight_norm"][4:]


def test_downloaded_weights_have_the_hash_of_their_run(wine: Sweep, tmp_path: Path) -> None:
    run = next(wine.runs())
    weights = run.weights()
    assert weights_sha256(weights) == run.document["weights_sha256"]
    path = run.save_weights(tmp_path / "weights.safetensors")
    for name, tensor in load(path.read_bytes()).items():
        np.testing.assert_array_equal(tensor, weights[name])


def test_everything_that_is_wrong_is_told_with_its_place(client: Client) -> None:
    with pytest.raises(Invalid) as caught:
        client.submit({"dataset": "iris", "parameters": {"learning_rat": 1, "epochs": -1}})
    assert [fault.path for fault in caught.value.errors] == ["parameters.learning_rat", "parameters.epochs"]
    assert "did you mean 'learning_rate'" in str(caught.value)
    assert "-1" in str(caught.value)


def test_what_is_not_there_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        client.sweep("s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10")


def test_nobody_at_the_address_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backsweep_client.transport.PAUSES", (0.001,))
    with pytest.raises(Unreachable, match="backsweep up"):
        list(Client("http://127.0.0.1:9", key="k").sweeps())


def test_a_key_makes_a_second_submit_the_same_sweep(client: Client) -> None:
    body = {"dataset": "iris", "seeds": 1, "parameters": {"epochs": 1}}
    first = client.submit(body, idempotency_key="once")
    assert client.submit(body, idempotency_key="once").id == first.id
    assert client.submit(body).id != first.id


def test_a_file_is_submitted_as_it_is(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    text = json.dumps({"name": "from a file", "dataset": "iris", "seeds": 1, "parameters": {"epochs": 1}})
    path.write_text(text + "\n\n")
    assert client.submit(path).document["submitted"] == text + "\n\n"
    with pytest.raises(ValueError, match=r"\.yaml"):
        client.submit(tmp_path / "sweep.txt")


def test_a_preview_stores_nothing(client: Client) -> None:
    before = [sweep.id for sweep in client.sweeps()]
    assert client.preview(WINE)["runs"] == 24
    assert [sweep.id for sweep in client.sweeps()] == before


def test_a_sweep_is_paused_resumed_canceled_and_retried(client: Client) -> None:
    sweep = client.submit(ENDLESS)
    with pytest.raises(TimedOut, match=r"is (running|queued) after 0.2 s") as caught:
        sweep.wait(timeout=0.2)
    assert isinstance(caught.value, TimeoutError)
    assert sweep.pause().document["intent"] == "pause"
    assert sweep.resume().document["intent"] == "run"
    assert sweep.cancel().state == "canceled"
    with pytest.raises(Conflict):
        sweep.pause()
    assert sweep.retry().state in ("queued", "running")
    assert sweep.cancel().is_final


def test_a_sweep_is_extended_by_seeds(client: Client) -> None:
    sweep = client.submit({"dataset": "iris", "seeds": 1, "baselines": False, "parameters": {"epochs": 1}})
    sweep.wait(timeout=20)
    assert sweep.extend(seeds=3).wait(timeout=20).counts["completed"] == 4


def test_a_number_of_seeds_is_not_asked_for_again_when_the_answer_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("backsweep_client.transport.PAUSES", (0.0, 0.0))
    asked: list[bytes] = []

    def lost(request: httpx.Request) -> httpx.Response:
        asked.append(request.content)
        raise httpx.ReadError("reset")

    with Client("http://127.0.0.1:1", key="k", http=httpx.MockTransport(lost)) as client:
        sweep = Sweep(client.transport, {"id": "s_1"})
        with pytest.raises(Unreachable):
            sweep.extend(seeds=3)
        assert len(asked) == 1
        with pytest.raises(Unreachable):
            sweep.extend(seeds=[3, 4])  # says the same twice
        assert len(asked) == 4


def test_waiting_tells_of_progress_up_to_the_end(client: Client) -> None:
    told: list[str] = []
    sweep = client.submit({"dataset": "iris", "seeds": 1, "parameters": {"epochs": 1}})
    sweep.wait(progress=lambda now: told.append(now.state), timeout=20)
    assert told[-1] == "completed"


def test_a_run_answers_rows_by_the_weights_that_are_asked_for(wine: Sweep) -> None:
    run = next(wine.runs(limit=1))
    table = builtin.load("wine")
    rows = [
        {column.name: _plain(cells[row]) for column, cells in zip(table.columns, table.values, strict=True)}
        for row in (0, 177)
    ]
    answer = run.predict(rows)
    assert answer["weights_sha256"] == weights_sha256(run.weights())
    assert len(answer["predictions"]) == 2
    with pytest.raises(NotFound, match="no best weights"):
        run.predict(rows, which="best")


def test_a_run_is_verified(wine: Sweep) -> None:
    run = next(wine.runs(limit=1))
    assert run.verify()["state"] in ("queued", "running", "matches")
    found = run.verify(wait=True, timeout=60)
    assert (found["state"], found["reason"]) == ("matches", None)
    assert run.refresh().document["verified"]["id"] == found["id"]


def _plain(cell: object) -> object:
    return float(cell) if isinstance(cell, np.floating) else cell
