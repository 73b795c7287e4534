"""Rows written straight into the store, so that reading them needs no training."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.planning.measurements import ROW, SCORES, Measurement
from service.planning.run_numbers import number_columns
from service.store.clock import now
from service.store.schema import ConfigurationRow, LossRow, Owner, PopulationRow, Run, Sweep, Weights

EPOCHS = 4
_counter = itertools.count(1)


def new_id(kind: str) -> str:
    """An identifier that sorts behind all before it, within one millisecond too."""
    return f"{kind}_0193a5c0-7e1b-7c3a-9d53-{next(_counter):012x}"


def owner(session: Session, name: str) -> int:
    """The key of the owner of this name."""
    row = session.scalar(select(Owner).where(Owner.name == name)) or Owner(name=name, created_at=now())
    session.add(row)
    session.flush()
    return int(row.id)


def sweep(session: Session, owner_id: int, **changes: Any) -> Sweep:
    """A sweep without runs."""
    values: dict[str, Any] = {
        "public_id": new_id("s"),
        "owner_id": owner_id,
        "name": "a sweep",
        "tags": {},
        "submitted": '{"name": "a sweep"}',
        "warnings": [],
        "body_sha256": "0" * 64,
        "task": "classification",
        "method": "grid",
        "metric": "validation_loss",
        "goal": "minimize",
        "keep_weights": "final",
        "varied": ["learning_rate"],
        "seeds": [0, 1],
        "preprocessing": {},
        "split": {},
        "split_counts": {"train": 7, "validation": 2, "test": 1, "resample": True},
        "constant": {"validation_loss": 1.1},
        "numerics_version": 1,
        "created_at": now(),
    }
    row = Sweep(**values | changes)
    session.add(row)
    session.flush()
    session.add(PopulationRow(public_id=new_id("p"), sweep_id=row.id, owner_id=owner_id, created_at=now()))
    session.flush()
    session.refresh(row)
    return row


def run(session: Session, of: Sweep, number: int, *, learning_rate: float = 0.1, **changes: Any) -> Run:
    """A run of the sweep with this learning rate."""
    population = session.scalars(select(PopulationRow.id).where(PopulationRow.sweep_id == of.id)).first()
    values: dict[str, Any] = {
        "public_id": new_id("r"),
        "owner_id": of.owner_id,
        "sweep_id": of.id,
        "population_id": population,
        "configuration_id": _configuration(session, learning_rate),
        "number": number,
        "seed": number - 1,
        "epochs": EPOCHS,
        "metrics": {},
        "identity_sha256": "1" * 64,
    }
    values |= _numbers(changes.get("metrics", {}))
    row = Run(**values | changes)
    session.add(row)
    session.flush()
    return row


def _numbers(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a record keeps beside the metrics."""
    found: dict[str, Any] = dict(number_columns(metrics))
    for column in [
        f"{rows}_{kind}" for rows in ("train", "validation", "test") for kind in ("loss", "score")
    ]:
        for name in (column, *(column.replace("score", score) for score in SCORES.values())):
            value = metrics.get(name, {}).get("last")
            if isinstance(value, int | float):
                found[column] = value
    return found


def losses(session: Session, of: Run, validation: Iterable[float | None]) -> None:
    """One row for each validation loss, from epoch 1."""
    for epoch, value in enumerate(validation, start=1):
        values = (0.5 / epoch, 0.75, value, None, 0.1, 1.5, 0.01)
        session.add(LossRow(**dict(zip(ROW, Measurement(of.id, epoch, values).as_row(), strict=True))))
    session.flush()


def weights(session: Session, of: Run, content: bytes, which: str = "final") -> None:
    """Keep weights of a run."""
    session.add(Weights(run_id=of.id, which=which, weights_sha256="a" * 64, content=content, epoch=EPOCHS))
    session.flush()


def same_numbers(left: Sequence[float | None], right: Sequence[float | None]) -> bool:
    """Whether two rows are equal, NaN with NaN."""
    return len(left) == len(right) and all(
        a == b or (a is not None and b is not None and math.isnan(a) and math.isnan(b))
        for a, b in zip(left, right, strict=True)
    )


def _configuration(session: Session, learning_rate: float) -> int:
    document: Mapping[str, Any] = {"learning_rate": learning_rate, "hidden_layers": [8], "epochs": EPOCHS}
    digest = hashlib.sha256(repr(learning_rate).encode()).hexdigest()
    row = session.scalar(select(ConfigurationRow).where(ConfigurationRow.hash == digest))
    row = row or ConfigurationRow(
        hash=digest,
        document=document,
        hidden_layers="[8]",
        loss="cross_entropy",
        optimizer="sgd",
        learning_rate=learning_rate,
        epochs=EPOCHS,
        dtype="float32",
    )
    session.add(row)
    session.flush()
    return row.id
