"""The command line as people and scripts use it, against a real service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from safetensors.numpy import load
from typer.testing import CliRunner, Result

from backsweep_client import Client, Sweep
from service.cli import cli
from tests.servers.service import RunningService

SWEEP = {
    "name": "iris from the command line",
    "dataset": "iris",
    "seeds": 3,
    "parameters": {"learning_rate": {"values": [0.01, 0.1]}, "hidden_layers": {"value": [4]}, "epochs": 3},
}
ENDLESS = {**SWEEP, "seeds": 1, "parameters": {"hidden_layers": {"value": [8]}, "epochs": 100_000}}

Run = Callable[..., Result]


@pytest.fixture
def run(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `backsweep` with these arguments, as on the service's machine, in 80 columns."""
    for name, value in {**service.environment, "COLUMNS": "80", "NO_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    from service.commands.output import console

    console.cache_clear()
    return lambda *arguments, stdin=None: CliRunner().invoke(cli, [*arguments], input=stdin)


@pytest.fixture(scope="module")
def iris(service: RunningService) -> Iterator[Sweep]:
    """A completed sweep."""
    with Client(service.url, key=service.token) as client:
        yield client.submit(SWEEP).wait(timeout=30)


@pytest.fixture
def long_word(service: RunningService) -> Iterator[Sweep]:
    """A sweep whose name is one long word."""
    with Client(service.url, key=service.token) as client:
        sweep = client.submit({**SWEEP, "name": "x" * 59}).wait(timeout=30)
        yield sweep
        sweep.delete()


@pytest.fixture
def api(service: RunningService) -> Callable[[str], str]:
    """What the API answers, as text."""
    headers = {"Authorization": f"Bearer {service.token}"}
    return lambda path: httpx.get(f"{service.url}/api/v1{path}", headers=headers, trust_env=False).text


def test_a_file_is_submitted_and_watched_to_its_answer(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(SWEEP))
    result = run("submit", str(path), "--wait")
    assert result.exit_code == 0, result.output
    assert "completed: 100%" in result.output
    assert "is best at 3 epochs" in " ".join(result.output.split())


def test_stdin_is_submitted_and_the_first_line_is_the_id(run: Run, api: Callable[[str], str]) -> None:
    result = run("submit", "-", "--idempotency-key", "by hand", stdin=json.dumps(SWEEP))
    sweep_id = result.stdout.splitlines()[0]
    assert json.loads(api(f"/sweeps/{sweep_id}"))["name"] == SWEEP["name"]
    again = run("submit", "-", "--idempotency-key", "by hand", stdin=json.dumps(SWEEP))
    assert again.stdout.splitlines()[0] == sweep_id


def test_a_preview_says_the_size_and_submits_nothing(run: Run, api: Callable[[str], str]) -> None:
    before = api("/sweeps")
    result = run("submit", "-", "--preview", stdin=json.dumps(SWEEP))
    assert "runs: 6" in result.stdout
    assert json.loads(api("/sweeps"))["items"][0]["id"] == json.loads(before)["items"][0]["id"]


@pytest.mark.parametrize("verb", ["sweep", "summary"])
def test_a_sweep_shows_headline_and_settings_in_80_columns(run: Run, iris: Sweep, verb: str) -> None:
    result = run(verb, iris.id)
    assert result.exit_code == 0
    assert "is best at 3 epochs" in " ".join(result.stdout.split())
    assert "● best" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_tables_fit_80_columns_and_name_whole_ids(run: Run, iris: Sweep, long_word: Sweep) -> None:
    runs = list(iris.runs())
    for arguments, wanted in {
        ("sweeps",): [iris.id, long_word.id],
        ("runs", "--sweep", iris.id): [run.id for run in runs],
        ("run", runs[0].id): ["learning_rate"],
        ("losses", runs[0].id): ["3"],
        ("datasets", "list"): ["digits", "iris"],
    }.items():
        result = run(*arguments)
        assert result.exit_code == 0, result.output
        assert all(text in result.stdout for text in wanted)
        assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["sweep", "{sweep}", "--json"], "/sweeps/{sweep}"),
        (
            ["summary", "{sweep}", "--group-by", "learning_rate", "--json"],
            "/sweeps/{sweep}/summary?group_by=learning_rate",
        ),
        (["runs", "--sweep", "{sweep}", "--limit", "2", "--json"], "/runs?sweep={sweep}&limit=2"),
        (["run", "{run}", "--json"], "/runs/{run}"),
        (["losses", "{run}", "--json"], "/runs/{run}/losses"),
        (["datasets", "list", "--json"], "/datasets"),
    ],
)
def test_json_is_exactly_what_the_api_answers(
    run: Run, iris: Sweep, api: Callable[[str], str], arguments: list[str], path: str
) -> None:
    names = {"sweep": iris.id, "run": next(iris.runs()).id}
    result = run(*(each.format(**names) for each in arguments))
    assert result.exit_code == 0
    assert result.stdout == api(path.format(**names))


def test_weights_go_to_a_file_or_through_a_pipe(run: Run, iris: Sweep, tmp_path: Path) -> None:
    one = next(iris.runs())
    target = tmp_path / "weights.npz"
    assert run("weights", one.id, "-o", str(target)).exit_code == 0
    with np.load(target) as archive:
        assert archive["layers.0.weight"].shape == (4, 4)
    piped = run("weights", one.id, "--format", "safetensors")
    for name, tensor in load(piped.stdout_bytes).items():
        np.testing.assert_array_equal(tensor, one.weights()[name])


def test_a_sweep_is_steered(run: Run) -> None:
    sweep_id = run("submit", "-", stdin=json.dumps(ENDLESS)).stdout.splitlines()[0]
    assert run("pause", sweep_id).exit_code == 0
    assert run("resume", sweep_id).exit_code == 0
    assert "canceled" in run("cancel", sweep_id).stdout
    refused = run("pause", sweep_id)
    assert refused.exit_code == 4
    assert run("watch", sweep_id).exit_code == 1  # it was canceled


def test_a_sweep_is_extended_by_a_value(run: Run, iris: Sweep) -> None:
    sweep_id = run("submit", "-", stdin=json.dumps({**SWEEP, "seeds": 1})).stdout.splitlines()[0]
    run("watch", sweep_id)
    result = run("extend", sweep_id, "--value", "learning_rate=0.5", "--value", "learning_rate=1.0")
    assert result.exit_code == 0, result.output
    assert " 8 runs" in result.stdout  # four rates, each with its linear network
    run("cancel", sweep_id)


def test_a_fault_is_told_with_path_value_and_what_is_allowed(run: Run) -> None:
    result = run("submit", "-", stdin=json.dumps({"dataset": "irs", "parameters": {"epochs": 1}}))
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "dataset: no dataset is called 'irs'; did you mean 'iris'?" in result.stderr
    assert "it is irs; allowed: " in result.stderr
    assert "digits, iris" in result.stderr  # behind the datasets that other tests have uploaded
    assert "Traceback" not in result.output


def test_each_kind_of_failure_has_its_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("backsweep_client.transport.PAUSES", (0.001,))
    assert run("submit", str(tmp_path / "missing.json")).exit_code == 1
    assert run("submit", "--bogus").exit_code == 2
    missing = run("sweep", "s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10")
    assert missing.exit_code == 3
    assert "s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10" in missing.stderr
    monkeypatch.setenv("BACKSWEEP_TOKEN", "of-somebody-else-0123456789")
    assert run("sweeps").exit_code == 4
    monkeypatch.setenv("BACKSWEEP_URL", "http://127.0.0.1:9")
    refused = run("sweeps")
    assert refused.exit_code == 5
    assert "backsweep up" in refused.stderr


def test_a_shell_completes_ids_of_sweeps_with_their_names(run: Run, iris: Sweep) -> None:
    from service.commands.arguments import complete_sweeps

    assert (iris.id, f"{iris.name} (completed)") in complete_sweeps("s_")
    assert [each[0] for each in complete_sweeps("la")] == ["latest"]


def test_a_service_that_is_away_completes_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from service.commands.arguments import complete_sweeps

    monkeypatch.setattr("backsweep_client.transport.PAUSES", ())
    monkeypatch.setenv("BACKSWEEP_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BACKSWEEP_TOKEN", "x")
    assert complete_sweeps("s_") == []


def test_help_names_the_exit_codes_and_loads_neither_numpy_nor_a_web_framework() -> None:
    program = (
        "import atexit, sys; from service.cli import main; sys.argv = ['backsweep', '--help']; "
        "atexit.register(lambda: print('\\n'.join(sys.modules))); main()"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "3 not found" in finished.stdout
    loaded = {name.partition(".")[0] for name in finished.stdout.split()}
    assert not loaded & {
        "numpy",
        "fastapi",
        "sqlalchemy",
        "pydantic",
        "httpx",
        "core",
        "uvicorn",
        "polars",
        "onnx",
    }


def test_a_reader_that_leaves_early_sees_no_traceback(run: Run, service: RunningService, iris: Sweep) -> None:
    import os

    environment = {**os.environ, **service.environment}
    command = (
        f"{sys.executable} -m service.cli sweeps --json | true; {sys.executable} -m service.cli sweeps | true"
    )
    finished = subprocess.run(
        ["sh", "-c", command], env=environment, capture_output=True, text=True, check=True
    )
    assert "Traceback" not in finished.stderr


def test_a_dataset_is_uploaded_looked_at_and_deleted(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "plants.csv"
    path.write_text("height,kind\n" + "\n".join(f"{row}.5,{'ab'[row % 2]}" for row in range(20)) + "\n")
    uploaded = run("datasets", "upload", str(path), "--target", "kind")
    assert uploaded.exit_code == 0, uploaded.output
    assert "plants: 20 rows, 2 columns" in uploaded.stdout
    assert "plants" in run("datasets", "list").stdout
    assert "19.5" in run("datasets", "preview", "plants").stdout
    assert run("datasets", "delete", "plants").exit_code == 0
    assert run("datasets", "preview", "plants").exit_code == 3


def test_rows_of_a_file_are_answered_with_class_and_probabilities(
    run: Run, iris: Sweep, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n5.1,3.5,1.4,0.2\n6.2,,5.4,2.3\n"
    )
    first = next(iris.runs(limit=1)).id
    result = run("predict", first, str(path))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.split()[0] in ("setosa", "versicolor", "virginica") for line in lines)
    told = json.loads(run("predict", first, str(path), "--json").stdout)
    assert lines[0].startswith(f"{told['predictions'][0]['class']}  (setosa ")


def test_a_text_of_digits_is_predicted_from_as_the_text_it_was_trained_on(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "shops.csv"
    lines = [f"{('01', 'true', 'x')[row % 3]},{row}.5,{'ab'[row % 2]}" for row in range(40)]
    table.write_text("\n".join(["zone,area,kind", *lines]) + "\n")
    assert run("datasets", "upload", str(table), "--target", "kind").exit_code == 0
    sweep = {**SWEEP, "dataset": "shops", "seeds": 1, "baselines": False}
    assert run("submit", "-", "--wait", stdin=json.dumps(sweep)).exit_code == 0
    one = json.loads(run("runs", "--sweep", "latest", "--limit", "1", "--json").stdout)["items"][0]["id"]
    result = run("predict", one, str(table), "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["predictions"]) == 40
    table.write_text("zone,area\n01,wide\n")
    refused = run("predict", one, str(table))
    assert refused.exit_code == 4
    assert "rows[0].area: is not a number" in refused.stderr


def test_a_run_is_verified_and_its_verdict_waited_for(run: Run, iris: Sweep) -> None:
    result = run("verify", next(iris.runs(limit=1)).id)
    assert result.exit_code == 0, result.output
    assert "Trained again alone by w1" in " ".join(result.stdout.split())
