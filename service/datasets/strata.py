"""Each class gives every part its share of rows, and at least one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.datasets.table import IntArray
from service.datasets.targets import Label
from service.errors import Fault, InvalidSubmission
from service.planning.split_settings import PARTS


class Counts(NamedTuple):
    """Numbers of rows; together they may leave some rows of the table out."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Rows of one class (or of the whole table) and how many of them each part takes."""

    rows: IntArray
    counts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Rows of one group outside the test set; each seed draws so many of them to train and to validate."""

    rows: IntArray
    train: int
    validation: int


def divide(classes: IntArray, labels: Sequence[Label], counts: Counts) -> list[Group]:
    """One group per class, in the order of their indices: in proportion, and each class in every part.

    Raises: InvalidSubmission for a class with fewer rows than there are parts, and a part with fewer rows
    than there are classes.
    """
    parts = [part for part, count in zip(PARTS, counts, strict=True) if count]
    sizes = np.bincount(classes, minlength=len(labels)).tolist()
    faults = [
        Fault(
            "split.method",
            f"the class {label!r} has {size} rows, fewer than the {len(parts)} parts of a stratified split",
            label,
            "another method, or fewer parts",
        )
        for label, size in zip(labels, sizes, strict=True)
        if size < len(parts)
    ]
    faults += [
        Fault(
            f"split.{part}",
            f"{count} rows cannot hold all {len(labels)} classes",
            count,
            f"at least {len(labels)}",
        )
        for part, count in zip(PARTS, counts, strict=True)
        if 0 < count < len(labels)
    ]
    if faults:
        raise InvalidSubmission(faults)
    kept_back = len(parts)  # one row of each class for every part, the one in hand included
    left = list(sizes)
    shares: dict[str, list[int]] = {part: [0] * len(labels) for part in PARTS}
    for part in reversed(parts):  # test, validation, train
        kept_back -= 1
        most = [rows - kept_back for rows in left]
        shares[part] = apportion(getattr(counts, part), sizes, most)
        left = [rows - taken for rows, taken in zip(left, shares[part], strict=True)]
    rows_of = [np.flatnonzero(classes == index).astype(np.int64) for index in range(len(labels))]
    divided = zip(*(shares[part] for part in PARTS), strict=True)
    return [Group(rows, Counts(*share)) for rows, share in zip(rows_of, divided, strict=True)]


def apportion(total: int, sizes: Sequence[int], most: Sequence[int]) -> list[int]:
    """`total` rows shared in proportion to `sizes` by largest remainder, each share between 1 and its `most`.

    Ties go to the earlier class. `total` must lie between the number of classes and the sum of `most`.
    """
    quotas = [total * size / sum(sizes) for size in sizes]
    shares = [min(max(1, int(quota)), upper) for quota, upper in zip(quotas, most, strict=True)]
    order = range(len(sizes))
    while sum(shares) < total:
        open_shares = [index for index in order if shares[index] < most[index]]
        shares[max(open_shares, key=lambda index: (quotas[index] - shares[index], -index))] += 1
    while sum(shares) > total:
        open_shares = [index for index in order if shares[index] > 1]
        shares[max(open_shares, key=lambda index: (shares[index] - quotas[index], index))] -= 1
    return shares


def set_test_rows_aside(
    groups: Sequence[Group], rng: np.random.Generator
) -> tuple[IntArray, tuple[Stratum, ...]]:
    """The test rows, and what is left of each group."""
    tests, left = [], []
    for group in groups:
        order = rng.permutation(group.rows)
        tests.append(order[: group.counts.test])
        left.append(Stratum(np.sort(order[group.counts.test :]), group.counts.train, group.counts.validation))
    return np.sort(np.concatenate(tests)), tuple(left)


def draw(parts: Sequence[Stratum], rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Training and validation rows: of each stratum's permutation the first rows validate, the next train."""
    train, validation = [], []
    for stratum in parts:
        order = rng.permutation(stratum.rows)
        validation.append(order[: stratum.validation])
        train.append(order[stratum.validation : stratum.validation + stratum.train])
    return np.sort(np.concatenate(train)), np.sort(np.concatenate(validation))
