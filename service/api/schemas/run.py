"""A run as it is shown: its configuration, its metrics and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

from pydantic import Field
from pydantic_core import to_json

from core.configuration import varied_part
from service.api.schemas.shape import Instant, NextCursor, Number, Shape
from service.api.schemas.verification import Verification
from service.planning.measurements import ARRIVAL, metric_kinds
from service.planning.statuses import Role, RunState
from service.store.clock import rfc3339
from service.store.run_queries import RunView
from service.store.verification_queries import VerificationView


class Metric(Shape):
    """One metric over a run's epochs; metrics on the test rows have only `last`."""

    last: Number | None = Field(default=None, description="At the last epoch recorded.")
    best: Number | None = Field(default=None, description="At the objective's best epoch.")
    min: Number | None = None
    max: Number | None = None


class Divergence(Shape):
    """Where a value became non-finite, or the loss ran away."""

    epoch: int
    step: int | None
    tensor: str | None


class Arrival(Shape):
    """Where a run over a function has ended, and whether it can be best."""

    converged: bool = Field(description="The derivative is below the tolerance, at no maximum and no saddle.")
    standing: Literal["converged", "stationary", "unconverged", "diverged"]
    value: float | None = Field(description="The function at the variables; null where the run diverged.")
    derivative: float | None = Field(description="The size of the derivative there.")
    turns: int = Field(description="At how many steps the derivative turned around.")
    variables: dict[str, float] = Field(description="After the last step; the last good ones if it diverged.")


class Replay(Shape):
    """The first epoch that was trained again, after its worker was lost, and did not come out as before."""

    epoch: int
    column: str = Field(description="The first column of the losses that differed.", examples=["train_loss"])
    stored: Number | None = Field(description="As it was recorded first; it stays in the losses.")
    again: Number | None = Field(description="As it came out the second time; the run went on from there.")
    worker: str = Field(description="Who trained it the second time.")
    sentence: str = Field(description="The same in words.")

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """The shape of a stored difference."""
        column = stored["column"].replace("_", " ")
        first, second = (
            "missing" if value is None else value for value in (stored["stored"], stored["again"])
        )
        sentence = (
            f"Epoch {stored['epoch']} was trained again after its worker was lost, and did not come out as "
            f"before: its {column} was {first}, then {second}. The losses recorded first are kept, but the "
            f"run went on from the second time. Runs should repeat to the last bit: do not rely on this one."
        )
        return cls(**stored, sentence=sentence)


class RunLinks(Shape):
    """Where to go from a run."""

    self: str
    page: str
    sweep: str
    sweep_page: str
    losses: str
    layers: str
    weights: str | None = Field(description="Null as long as no weights are kept.")


class Run(Shape):
    """One training: a configuration with a seed."""

    id: str = Field(examples=["r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
    sweep: str
    sweep_name: str
    population: str = Field(description="The runs that train together, and that a worker claims at once.")
    number: int = Field(description="From 1 within the sweep; baselines follow the search.")
    role: Role
    seed: int
    state: RunState
    reason: str | None
    epoch: int = Field(description="The last epoch recorded; 0 before the first.")
    epochs: int
    configuration: dict[str, Any] = Field(description="With all defaults filled and unused fields removed.")
    configuration_hash: str
    parameters: dict[str, Any] = Field(description="The part of the configuration that the sweep varies.")
    metrics: dict[str, Metric]
    best_epoch: int | None
    collapsed: bool = Field(description="No better than the constant predictor at its end.")
    diverged: Divergence | None
    arrival: Arrival | None = Field(
        description="Null for networks, and until a run over a function has ended."
    )
    train_seconds: float | None = Field(description="Its share of its population's time in the core.")
    environment_class: str | None
    weights_sha256: str | None
    reused_from: str | None
    replay: Replay | None = Field(description="Null unless a repeated epoch differed from what was stored.")
    started_at: Instant | None
    finished_at: Instant | None
    links: RunLinks


class Layer(Shape):
    """What the last epoch's last step did to one layer, its weight and bias taken as one vector."""

    gradient_norm: Number
    weight_norm: Number
    update_ratio: Number = Field(
        description="The length of the change over that of the parameters after it; about 0.001 is usual."
    )


class TestedOutput(Shape):
    """One of several outputs on the test rows, in the user's units."""

    r2: Number
    mae: Number
    rmse: Number


class RunInFull(Run):
    """One run with what only its own page has room for."""

    environment: dict[str, Any] | None = Field(
        description="What its bits can depend on besides the submission."
    )
    layers: list[Layer] | None = Field(description="From the first layer on; null on a function.")
    test_confusion: list[list[int]] | None = Field(
        description="Test rows by their true class (outer) and the predicted one (inner), both in sorted "
        "order; null in a regression, before the end, and with more than 50 classes."
    )
    verified: Verification | None = Field(
        default=None, description="The latest verification; null if nobody has asked for one."
    )
    test_outputs: list[TestedOutput] | None = Field(
        description="In a regression with several targets, each on its own, in the order of the targets."
    )

    @classmethod
    def of(cls, view: RunView, verification: VerificationView | None = None) -> Self:
        """The shape of a stored run, with its latest verification."""
        verified = verification and Verification.of(verification)
        kept = view.run.metrics
        lists = {name: kept.get(name) for name in ("layers", "test_confusion", "test_outputs")}
        return cls(**_fields(view) | lists | {"environment": view.environment, "verified": verified})


class Runs(Shape):
    """A page of runs."""

    items: list[Run]
    next_cursor: NextCursor


def runs_page(views: Sequence[RunView], next_cursor: str | None) -> bytes:
    """The text of `Runs`: what the store holds is not checked again, which took most of a page's time."""
    page = {"items": [_fields(view) for view in views], "next_cursor": next_cursor}
    return to_json(page, inf_nan_mode="strings")


_NO_METRIC = dict.fromkeys(Metric.model_fields)


def _fields(view: RunView) -> dict[str, Any]:
    """The members of `Run` as plain data."""
    run = view.run
    address = f"/api/v1/runs/{run.public_id}"
    # A JSON of the store may say beside the metrics at which epoch the objective was best.
    metrics = {name: {**_NO_METRIC, **kinds} for name, kinds in metric_kinds(run.metrics).items()}
    return {
        "id": run.public_id,
        "sweep": view.sweep,
        "sweep_name": view.sweep_name,
        "population": view.population,
        "number": run.number,
        "role": run.role,
        "seed": run.seed,
        "state": run.state,
        "reason": run.reason,
        "epoch": run.epoch,
        "epochs": run.epochs,
        "configuration": view.configuration,
        "configuration_hash": view.configuration_hash,
        "parameters": varied_part(view.configuration, view.varied),
        "metrics": metrics,
        "best_epoch": run.best_epoch,
        "collapsed": run.collapsed,
        "diverged": {"epoch": run.epoch, "step": run.diverged_step, "tensor": run.diverged_tensor}
        if run.state == RunState.DIVERGED
        else None,
        "arrival": run.metrics.get(ARRIVAL),
        "train_seconds": run.train_seconds,
        "environment_class": run.environment_class,
        "weights_sha256": run.weights_sha256,
        "reused_from": view.reused_from,
        "replay": None if run.replay is None else Replay.of(run.replay).model_dump(),
        "started_at": rfc3339(run.started_at),
        "finished_at": rfc3339(run.finished_at),
        "links": {
            "self": address,
            "page": f"/runs/{run.public_id}",
            "sweep": f"/api/v1/sweeps/{view.sweep}",
            "sweep_page": f"/sweeps/{view.sweep}",
            "losses": f"{address}/losses",
            "layers": f"{address}/layers",
            "weights": f"{address}/weights" if run.weights_sha256 else None,
        },
    }
