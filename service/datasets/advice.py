"""What a person would be told who shows their table to somebody with experience."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.datasets.features import LEAST_ROWS_OF_NAMES, MAX_CATEGORIES
from service.datasets.profile import ColumnProfile
from service.datasets.remarks import Remark
from service.datasets.targets import MAX_CLASSES, MAX_DISTINCT_WHOLE_NUMBERS, Task

TARGET_NAMES = ("target", "label", "class", "y", "outcome", "response")
MOSTLY = 0.5


def suggested_target(profiles: Sequence[ColumnProfile], rows: int) -> str:
    """The column that is called as targets are, else the last, of those that can be predicted."""
    usable = [each for each in profiles if _can_be_predicted(each, rows)]
    named = [each for each in usable if each.name.lower() in TARGET_NAMES]
    return (named or usable or list(profiles))[-1].name


def task_of(target: ColumnProfile) -> Task:
    """Classification or regression, as a sweep takes the column unasked."""
    classes = target.kind != "number" and (
        target.kind != "integer" or target.distinct <= MAX_DISTINCT_WHOLE_NUMBERS
    )
    return "classification" if classes else "regression"


def remarks(profiles: Sequence[ColumnProfile], rows: int, target: str) -> Iterator[Remark]:
    """Columns that say nothing or too much, and a target that a sweep would refuse."""
    for each in profiles:
        if each.name == target:
            yield from _of_target(each, rows)
        else:
            yield from _of_feature(each, rows)


def _of_target(target: ColumnProfile, rows: int) -> Iterator[Remark]:
    name = target.name
    if target.missing:
        message = f"the target {name!r} is missing in {target.missing:,} of {rows:,} rows; a sweep refuses it"
        yield Remark("target_missing", name, message)
    if target.distinct < 2:
        message = f"the target {name!r} has the same value in every row: there is nothing to learn"
        yield Remark("constant", name, message)
    if target.kind == "text" and target.distinct > MAX_CLASSES:
        message = (
            f"the target {name!r} has {target.distinct:,} classes; a sweep takes {MAX_CLASSES:,} at most"
        )
        yield Remark("too_many_classes", name, message)


def _of_feature(each: ColumnProfile, rows: int) -> Iterator[Remark]:
    name = each.name
    if each.distinct == 0:
        yield Remark("empty", name, f"{name!r} has no value in any row")
    elif each.distinct == 1:
        yield Remark("constant", name, f"{name!r} has the same value in every row: it carries no information")
    elif each.kind in ("text", "integer") and each.distinct == rows >= LEAST_ROWS_OF_NAMES:
        message = f"{name!r} has another value in every row, as a number of rows or a name has"
        message += "; unasked it makes no feature" if each.kind == "text" else ""
        yield Remark("identifier", name, message)
    elif each.kind == "text" and each.distinct > MAX_CATEGORIES:
        message = (
            f"{name!r} has {each.distinct:,} different texts, a feature at most {MAX_CATEGORIES} categories; "
            "unasked it makes none"
        )
        yield Remark("too_many_categories", name, message)
    if each.distinct and each.missing > MOSTLY * rows:
        message = f"{name!r} is missing in {each.missing:,} of {rows:,} rows"
        yield Remark("mostly_missing", name, message)


def _can_be_predicted(each: ColumnProfile, rows: int) -> bool:
    if each.missing or each.distinct < 2:
        return False
    if each.kind == "text":
        return each.distinct <= MAX_CLASSES and not each.distinct == rows >= LEAST_ROWS_OF_NAMES
    return True
