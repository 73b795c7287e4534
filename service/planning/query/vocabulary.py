"""Which quantities a filter may name, under which names people may know them, and what each can hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.fields import FIELDS
from service.planning.objective import METRICS
from service.planning.plain_text import nearest
from service.planning.query.tree import Group, Kind, Quantity, Statistic
from service.planning.statuses import Role, RunState, SweepState

GROUPS: Mapping[str, Group] = {
    **dict.fromkeys(("metrics", "metric"), "metrics"),
    **dict.fromkeys(("params", "param", "parameters", "parameter"), "params"),
    **dict.fromkeys(("tags", "tag"), "tags"),
    **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attributes"),
}
STATISTICS: tuple[Statistic, ...] = ("last", "best", "min", "max")

# Of each epoch; the scores of both tasks under one name, too.
EPOCH_METRICS = (*METRICS, "validation_score", "train_score")
# Who chooses by these has no test set left (rule R8).
TEST_METRICS = (
    "test_loss", "test_score", "test_accuracy", "test_macro_f1", "test_r2", "test_mae", "test_rmse",
)  # fmt: skip
# Known at a run's end.
END_METRICS = ("validation_macro_f1", "validation_mae", "validation_rmse", *TEST_METRICS)
METRIC_ALIASES = {
    "val_loss": "validation_loss", "val_accuracy": "validation_accuracy", "val_r2": "validation_r2",
    "val_score": "validation_score",
}  # fmt: skip
PARAMETER_ALIASES = {"lr": "learning_rate"}

_KINDS: Mapping[str, Kind] = {
    "choice": "text", "number": "number", "integer": "number", "flag": "flag", "layers": "layers",
    "batch_size": "batch_size",
}  # fmt: skip
_RUN_KINDS: Mapping[str, Kind] = {
    "id": "text", "sweep": "text", "sweep_name": "text", "dataset": "text", "dataset_hash": "text",
    "population": "text", "configuration_hash": "text", "reused_from": "text", "weights_sha256": "text",
    "environment_class": "text", "reason": "text", "diverged_tensor": "text", "method": "text",
    "task": "text",
    "number": "number", "seed": "number", "epoch": "number", "epochs": "number", "best_epoch": "number",
    "diverged_step": "number", "train_seconds": "number", "state": "word", "role": "word",
    "collapsed": "flag", "created_at": "instant", "started_at": "instant", "finished_at": "instant",
}  # fmt: skip
_SWEEP_KINDS: Mapping[str, Kind] = {
    "id": "text", "name": "text", "notes": "text", "dataset": "text", "dataset_hash": "text",
    "method": "text", "task": "text", "metric": "text", "goal": "text", "headline": "text", "state": "word",
    "runs": "number", "created_at": "instant", "started_at": "instant", "finished_at": "instant",
}  # fmt: skip
# MLflow's names for what we call otherwise.
_ATTRIBUTE_ALIASES = {
    "run_id": "id", "status": "state", "start_time": "started_at", "end_time": "finished_at",
    "created": "created_at", "run_name": "sweep_name", "sweep_id": "sweep", "experiment_id": "sweep",
}  # fmt: skip
_SWEEP_ALIASES = {
    "sweep": "id", "sweep_id": "id", "sweep_name": "name", "status": "state", "start_time": "started_at",
    "end_time": "finished_at", "created": "created_at", "run_count": "runs",
}  # fmt: skip
_DATASET_PARTS = {"name": "dataset", "digest": "dataset_hash"}  # MLflow: dataset.name, dataset.digest


class Unknown(Exception):
    """No quantity has this name; `hint` is one that was perhaps meant, `allowed` says which there are."""

    def __init__(self, message: str, *, hint: str | None = None, allowed: str) -> None:
        super().__init__(message)
        self.hint, self.allowed = hint, allowed


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The quantities of one kind of thing."""

    attributes: Mapping[str, Quantity]
    aliases: Mapping[str, str]
    has_metrics: bool

    def quantity(self, parts: tuple[str, ...]) -> Quantity:
        """The quantity of a name's parts. A bare name is an attribute, else a metric, else a parameter.

        Raises:
            Unknown: there is none.
        """
        first, *rest = parts
        if rest and first.lower() in ("dataset", "datasets"):
            return self._dataset(rest)
        if rest and (group := GROUPS.get(first.lower())):
            return self._in_group(group, rest)
        if found := self._attribute(first) if not rest else None:
            return found
        if self.has_metrics and (found := _metric(list(parts)) or _parameter(list(parts))):
            return found
        name = ".".join(parts)
        raise Unknown(f"{name!r} is no name", hint=nearest(name, self.names()), allowed=self._allowed())

    def full_names(self) -> Iterator[str]:
        """Every name in its full form, tags and test metrics aside."""
        yield from self.attributes
        if self.has_metrics:
            yield from (
                f"metrics.{name}" for name in (*EPOCH_METRICS, *END_METRICS) if name not in TEST_METRICS
            )
            yield from (f"params.{name}" for name in FIELDS)

    def names(self) -> Iterator[str]:
        """Every name in its full form and, where it may stand without its group, in its short one."""
        yield from self.full_names()
        if self.has_metrics:
            yield from (f"metrics.{name}" for name in TEST_METRICS)
            yield from EPOCH_METRICS
            yield from FIELDS

    def _in_group(self, group: Group, rest: list[str]) -> Quantity:
        name = ".".join(rest)
        if group == "tags":
            return Quantity("tags", name, "text")
        if group == "attributes":
            if found := self._attribute(name):
                return found
            raise Unknown(
                f"there is no attribute {name!r}",
                hint=nearest(name, self.attributes),
                allowed=", ".join(self.attributes),
            )
        if not self.has_metrics:
            raise Unknown(f"a sweep has no {group} of its own: they are its runs'", allowed=self._allowed())
        if group == "metrics":
            return _metric(rest) or _no_metric(rest)
        if found := _parameter(rest):
            return found
        raise Unknown(
            f"there is no parameter {name!r}",
            hint=nearest(name, (*FIELDS, *PARAMETER_ALIASES)),
            allowed=", ".join(FIELDS),
        )

    def _attribute(self, name: str) -> Quantity | None:
        return self.attributes.get(self.aliases.get(name, name))

    def _dataset(self, rest: list[str]) -> Quantity:
        name = ".".join(rest)
        if name in _DATASET_PARTS:
            return self.attributes[_DATASET_PARTS[name]]
        raise Unknown(
            f"a dataset has no {name!r} to search by",
            hint=nearest(name, _DATASET_PARTS),
            allowed="dataset.name, dataset.digest",
        )

    def _allowed(self) -> str:
        groups = "metrics.NAME, params.NAME, tags.NAME, " if self.has_metrics else "tags.NAME, "
        return groups + ", ".join(self.attributes)


def _metric(parts: list[str]) -> Quantity | None:
    name, *rest = parts
    name = METRIC_ALIASES.get(name, name)
    if name in END_METRICS and rest in ([], ["last"]):
        return Quantity("metrics", name, "metric")
    if name not in EPOCH_METRICS or len(rest) > 1:
        return None
    found = {str(each): each for each in STATISTICS}.get(rest[0] if rest else "last")
    return Quantity("metrics", name, "metric", found) if found else None


def _no_metric(parts: list[str]) -> Quantity:
    name = METRIC_ALIASES.get(parts[0], parts[0])
    if name in END_METRICS:
        raise Unknown(f"{name} is known at a run's end alone", hint=name, allowed=f"metrics.{name}")
    if name in EPOCH_METRICS:
        raise Unknown(
            f"{name} has no {'.'.join(parts[1:])!r}",
            hint=nearest(parts[1], STATISTICS),
            allowed=", ".join(f"{name}.{each}" for each in STATISTICS),
        )
    known = (*EPOCH_METRICS, *END_METRICS, *METRIC_ALIASES)
    raise Unknown(
        f"there is no metric {'.'.join(parts)!r}",
        hint=nearest(parts[0], known),
        allowed=", ".join(EPOCH_METRICS),
    )


def _parameter(parts: list[str]) -> Quantity | None:
    name = PARAMETER_ALIASES.get(parts[0], parts[0])
    if len(parts) > 1 or name not in FIELDS:
        return None
    return Quantity("params", name, _KINDS[FIELDS[name].kind])


def _attributes(kinds: Mapping[str, Kind], words: Mapping[str, tuple[str, ...]]) -> Mapping[str, Quantity]:
    return {
        name: Quantity("attributes", name, kind, choices=words.get(name, ())) for name, kind in kinds.items()
    }


def _words(members: type[StrEnum]) -> tuple[str, ...]:
    return tuple(member.value for member in members)


OF_RUNS = Vocabulary(
    _attributes(_RUN_KINDS, {"state": _words(RunState), "role": _words(Role)}),
    _ATTRIBUTE_ALIASES,
    has_metrics=True,
)
OF_SWEEPS = Vocabulary(
    _attributes(_SWEEP_KINDS, {"state": _words(SweepState)}), _SWEEP_ALIASES, has_metrics=False
)
