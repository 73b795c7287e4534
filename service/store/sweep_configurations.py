"""Which configurations the runs of a sweep have: of a large, final sweep they are kept in one piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from pydantic_core import from_json, to_json
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from service.planning.statuses import Role
from service.store.gathered import Arrays, find_gathered
from service.store.gathered_names import CONFIGURATIONS
from service.store.schema import ConfigurationRow, Run, Sweep

# What an answer says of all its settings, beside what varies.
SAID = ("epochs", "batch_size", "optimizer", "loss")


class SweepConfiguration(NamedTuple):
    """A configuration; what is kept in one piece has no more of its document than answers say."""

    key: int
    hash: str
    document: Mapping[str, Any]
    first: int  # the number of its first run in the search; 0: only baselines have it
    epochs: int  # that its runs in the search have had


def all_configurations(session: Session, sweep_key: int, hashes: Sequence[str] = ()) -> dict[int, Any]:
    """By key the hashes and documents of all that the sweep's runs have, or of those with these hashes."""
    kept = None if hashes else _kept(session, sweep_key)
    if kept is not None:
        return {each.key: (each.hash, each.document) for each in kept}
    used = select(Run.configuration_id).where(Run.sweep_id == sweep_key)
    wanted = [ConfigurationRow.hash.in_(hashes)] if hashes else []
    # Read apart from the runs, because many share one.
    found = session.execute(
        select(ConfigurationRow.id, ConfigurationRow.hash, ConfigurationRow.document).where(
            ConfigurationRow.id.in_(used), *wanted
        )
    )
    return {key: (digest, document) for key, digest, document in found}


def search_configurations(
    session: Session, sweep_key: int, hashes: Sequence[str] | None = None
) -> Sequence[SweepConfiguration]:
    """What the runs of the search have, by the first run with each; or those of these with such hashes."""
    kept = _kept(session, sweep_key)
    if kept is None:
        return _read(session, sweep_key, hashes)
    wanted = None if hashes is None else set(hashes)
    return sorted(
        (each for each in kept if each.first and (wanted is None or each.hash in wanted)),
        key=lambda each: each.first,
    )


def configuration_arrays(session: Session, sweep: Sweep) -> Arrays:
    """The sweep's configurations as they are kept in one piece."""
    found = _read(session, sweep.id, None, baselines=True)
    names = dict.fromkeys((*sweep.varied, *SAID))
    documents = [
        [each.hash, {name: each.document[name] for name in names if name in each.document}] for each in found
    ]
    return {
        "keys": _integers(each.key for each in found),
        "firsts": _integers(each.first for each in found),
        "epochs": _integers(each.epochs for each in found),
        "documents": np.frombuffer(to_json(documents, inf_nan_mode="strings"), np.uint8),
    }


def _kept(session: Session, sweep_key: int) -> Sequence[SweepConfiguration] | None:
    arrays = find_gathered(session, sweep_key, CONFIGURATIONS)
    if arrays is None:
        return None
    documents = from_json(arrays["documents"].tobytes())
    numbers = (arrays[name].tolist() for name in ("keys", "firsts", "epochs"))
    return [
        SweepConfiguration(key, digest, document, first, epochs)
        for key, first, epochs, (digest, document) in zip(*numbers, documents, strict=True)
    ]


def _read(
    session: Session, sweep_key: int, hashes: Sequence[str] | None, *, baselines: bool = False
) -> Sequence[SweepConfiguration]:
    searched = Run.role == Role.SEARCH
    firsts = (
        select(
            Run.configuration_id,
            func.coalesce(func.min(case((searched, Run.number))), 0).label("first"),
            func.sum(case((searched, Run.epoch), else_=0)).label("epochs"),
        )
        .where(Run.sweep_id == sweep_key, *([] if baselines else [searched]))
        .group_by(Run.configuration_id)
        .subquery()
    )
    statement = (
        select(
            ConfigurationRow.id,
            ConfigurationRow.hash,
            ConfigurationRow.document,
            firsts.c.first,
            firsts.c.epochs,
        )
        .join(firsts, firsts.c.configuration_id == ConfigurationRow.id)
        .order_by(firsts.c.first)
    )
    if hashes is not None:
        statement = statement.where(ConfigurationRow.hash.in_(hashes))
    return [
        SweepConfiguration(key, digest, document, first, int(epochs))
        for key, digest, document, first, epochs in session.execute(statement)
    ]


def _integers(values: Iterable[int]) -> Any:
    return np.array(list(values), dtype=np.int64)
