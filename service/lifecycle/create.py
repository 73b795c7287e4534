"""A sweep and all its runs come into being in one commit, or not at all."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from core.configuration import Configuration
from core.version import NUMERICS_VERSION
from service.lifecycle.audit import MADE
from service.lifecycle.moves import Moved
from service.lifecycle.plan import SweepPlan
from service.lifecycle.planned_bytes import planned_bytes
from service.lifecycle.reuse import NOBODY, Answered, answer, keep_answered
from service.lifecycle.story import tell
from service.planning.statuses import Role
from service.store.bulk import insert_mappings
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import ConfigurationRow, PopulationRow, Run, Sweep
from service.store.written_json import Written

ROWS_PER_STATEMENT = 5_000
_CONFIGURATION_KEYS = select(ConfigurationRow.hash, ConfigurationRow.id).where(
    ConfigurationRow.hash.in_(bindparam("names", expanding=True))
)
_CONFIGURATION_FIELDS = tuple(
    column.name
    for column in ConfigurationRow.__table__.columns
    if column.name not in ("id", "hash", "document")
)


class Text(NamedTuple):
    """What was submitted, as it came."""

    content: str
    media_type: str  # application/json or application/yaml


def create_sweep(
    session: Session,
    owner_id: int,
    plan: SweepPlan,
    *,
    text: Text,
    idempotency_key: str | None,
    answered: Answered = NOBODY,
) -> Sweep:
    """Write a planned sweep with its configurations, populations and runs.

    Those of `answered` have all that their originals have; the plan's populations hold the others.
    """
    dataset = plan.subject.keep(session, owner_id)
    sweep = Sweep(**sweep_row(owner_id, plan, text, idempotency_key), created_at=now())
    sweep.dataset_id = None if dataset is None else dataset[0]
    session.add(sweep)
    session.flush()
    session.info[MADE] = sweep.public_id
    moved = add_runs(session, sweep, plan, answered)
    document = {"runs": sweep.run_count, "populations": len(plan.populations)}
    spared = sum(plan.runs[position].configuration.epochs for position in answered.originals)
    reused = {"reused": len(answered.originals)} if answered.originals else {}
    tell(session, sweep.id, "created", document | reused, moved=moved, epochs=spared)
    session.refresh(sweep)
    return sweep


def add_runs(session: Session, sweep: Sweep, plan: SweepPlan, answered: Answered = NOBODY) -> Moved:
    """Write the runs of a plan with their configurations and populations; the sweep's counts stay.

    Returned is how many runs were answered, by the states that they moved between.
    """
    configurations = keep_configurations(session, [plan])
    populations = _insert_populations(session, sweep, len(plan.populations))
    rows = [
        run_row(sweep, plan, position, configurations, population)
        for population, members in zip(populations, plan.populations, strict=True)
        for position in members
    ]
    if not answered.originals:
        _insert_runs(session, rows)
        return Counter()
    finished = keep_answered(session, sweep, len(answered.populations))
    rows += [
        run_row(sweep, plan, position, configurations, population)
        | {"reused_from_id": answered.originals[position]}
        for population, members in zip(finished, answered.populations, strict=True)
        for position in members
    ]
    _insert_runs(session, [{"reused_from_id": None, **row} for row in rows])
    first = min(plan.runs[position].number for position in answered.originals)
    return Counter(answer(session, sweep, first))


def body_hash(body: bytes) -> str:
    """What decides whether a repeated request is the same one."""
    return hashlib.sha256(body).hexdigest()


def sweep_row(owner_id: int, plan: SweepPlan, text: Text, idempotency_key: str | None) -> dict[str, Any]:
    """The columns of a new sweep, but for its dataset's key and the time."""
    submission = plan.submission
    return {
        "public_id": new_id("s"),
        "owner_id": owner_id,
        "name": submission.name,
        "notes": submission.notes,
        "tags": dict(submission.tags),
        "submitted": text.content,
        "media_type": text.media_type,
        "warnings": list(plan.warnings),
        "idempotency_key": idempotency_key,
        "body_sha256": body_hash(text.content.encode()),
        "task": plan.subject.task,
        "method": submission.method,
        "metric": submission.metric.name,
        "goal": submission.metric.direction,
        "keep_weights": submission.keep_weights,
        "varied": list(plan.varied),
        "seeds": list(submission.seed_list),
        "constant": dict(plan.constant),
        "numerics_version": NUMERICS_VERSION,
        "run_count": sum(run.role == Role.SEARCH for run in plan.runs),
        "all_count": len(plan.runs),
        "queued_count": len(plan.runs),
        "epochs_total": sum(run.configuration.epochs for run in plan.runs),
        "planned_bytes": planned_bytes(plan),
        **plan.subject.columns(),
    }


def keep_configurations(session: Session, plans: Sequence[SweepPlan]) -> dict[str, int]:
    """Store the configurations of plans that are not there yet; the key of every one, by its hash."""
    distinct = {
        digest: (configuration, text)
        for plan in plans
        for (configuration, digest), text in zip(plan.hashes.items(), plan.texts.values(), strict=True)
    }
    rows = [
        configuration_row(digest, configuration, json.loads(text)) | {"document": Written(text)}
        for digest, (configuration, text) in sorted(distinct.items(), key=itemgetter(0))
    ]
    insert_mappings(session, ConfigurationRow, rows, unless_there=True)
    keys: dict[str, int] = {}
    for names in chunks(sorted(distinct)):
        found = session.connection().execute(_CONFIGURATION_KEYS, {"names": names})
        keys.update((digest, key) for digest, key in found)
    return keys


def configuration_row(
    digest: str, configuration: Configuration, document: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of a configuration, from its canonical document."""
    row: dict[str, Any] = {name: document.get(name) for name in _CONFIGURATION_FIELDS}
    if "hidden_layers" in document:
        row["hidden_layers"] = json.dumps(document["hidden_layers"], separators=(",", ":"))
        row["batch_size"] = None if document["batch_size"] == "full" else document["batch_size"]
    else:
        # Of a function; the columns take no null, and what stands here is the name of no network's choice.
        row |= {"hidden_layers": "", "loss": "value", "dtype": configuration.dtype}
    return {"hash": digest, "document": document, **row}


def _insert_populations(session: Session, sweep: Sweep, count: int) -> list[int]:
    created_at = session.scalars(select(now())).one()
    rows = [
        {
            "public_id": new_id("p"),
            "sweep_id": sweep.id,
            "owner_id": sweep.owner_id,
            "created_at": created_at,
        }
        for _ in range(count)
    ]
    keys: list[int] = []
    for chunk in chunks(rows):
        statement = insert(PopulationRow).returning(PopulationRow.id, sort_by_parameter_order=True)
        keys += session.scalars(statement, chunk)
    return keys


def run_row(
    sweep: Sweep, plan: SweepPlan, position: int, configurations: Mapping[str, int], population: int
) -> dict[str, Any]:
    """The columns of the run at this position of a plan."""
    run = plan.runs[position]
    return {
        "public_id": new_id("r"),
        "owner_id": sweep.owner_id,
        "sweep_id": sweep.id,
        "population_id": population,
        "configuration_id": configurations[plan.hashes[run.configuration]],
        "number": run.number,
        "role": run.role,
        "seed": run.seed,
        "epochs": run.configuration.epochs,
        "metrics": {},
        "identity_sha256": plan.identities[position],
    }


def _insert_runs(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    for chunk in chunks(rows):
        session.execute(insert(Run), chunk)


def chunks(rows: Sequence[Any]) -> Iterable[Any]:
    """As many rows as go into one statement, one lot after the other."""
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        yield rows[start : start + ROWS_PER_STATEMENT]
