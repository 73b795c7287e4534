"""Arrays become a dataset of the service: columns x0, x1, ..., and the target behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backsweep_client.client import Client
from backsweep_client.problems import NotFound
from backsweep_client.tables import CSV, Upload, columns_as_csv


class Table(NamedTuple):
    """A dataset on its way: its text, the columns that are predicted, and the classes, if they are classes.

    Class k is sent as `class 000k`, so that the service sorts the classes as NumPy does.
    """

    text: str
    targets: Sequence[str]
    classes: NDArray[Any] | None


def table_of(data: NDArray[np.float64], target: NDArray[Any], *, is_classes: bool) -> Table:
    """The text of data (rows, columns) and its target (rows,) or (rows, targets)."""
    columns = [column.tolist() for column in data.T]
    names = [f"x{place}" for place in range(len(columns))]
    if is_classes:
        classes, codes = np.unique(target, return_inverse=True)
        digits = len(str(len(classes)))
        told: list[Sequence[Any]] = [[f"class {code:0{digits}d}" for code in codes.tolist()]]
        targets = ["target"]
    else:
        classes = None
        told = [column.tolist() for column in np.atleast_2d(target.T).astype(np.float64)]
        targets = ["target"] if len(told) == 1 else [f"target {place}" for place in range(len(told))]
    return Table(columns_as_csv([*names, *targets], [*columns, *told]), targets, classes)


def keep(client: Client, table: Table) -> str:
    """Send a dataset unless it is there; its name says its content, so that nothing is sent twice."""
    content = table.text.encode()
    name = f"search {hashlib.sha256(content).hexdigest()[:24]}"
    try:
        client.dataset(name)
    except NotFound:
        client.upload(Upload(content, CSV, name), target=table.targets[0])
    return name
