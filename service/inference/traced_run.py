"""A stored run's network with one row of data, as a step of backpropagation can be written out for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray
from service.datasets.rows import from_rows
from service.datasets.table import Table
from service.datasets.targets import ClassTarget
from service.errors import Fault, InvalidSubmission
from service.inference.trained import TrainedNetwork


@dataclass(frozen=True, slots=True)
class TracedExample:
    """One example as the network sees it.

    Shapes:
        inputs  (features,) in the network's type, -0.0 written as 0.0
        target  a class's index, or (outputs,) standardized
    """

    inputs: FloatArray
    target: int | FloatArray


def stored_row(table: Table, row: int) -> Table:
    """The table with this row of it alone, counted from 0.

    Raises:
        InvalidSubmission: there is no such row.
    """
    if not 0 <= row < table.rows:
        message = f"the dataset {table.name!r} has no row {row}"
        raise InvalidSubmission([Fault("row", message, row, f"0 to {table.rows - 1}")])
    values = tuple(cells[row : row + 1] for cells in table.values)
    return Table(table.name, table.columns, values)


def given_row(network: TrainedNetwork, example: Mapping[str, object]) -> Table:
    """The table of one row that came from outside, with features and target.

    Raises:
        InvalidSubmission: with every fault, under `example.column`.
    """
    target = network.preprocessing.target
    names = {column.name for column in network.feature_columns}
    names |= set(target.columns)
    return from_rows(
        [example],
        [column for column in network.columns if column.name in names],
        [column.name for column in network.columns],
        empty_texts=network.preprocessing.empty_text_features,
        at=lambda _row: "example",
    ).table


def traced_example(network: TrainedNetwork, table: Table) -> TracedExample:
    """The one row of a table as inputs and target of the network.

    Raises:
        InvalidSubmission: the target is missing, or no class of the sweep.
    """
    inputs = network.preprocessing.inputs(table)[0].astype(network.configuration.dtype) + 0.0
    target = network.preprocessing.target
    if isinstance(target, ClassTarget):
        if table.column(target.column, path="example")[1][0] is None:
            raise InvalidSubmission([_missing(target.column)])
        return TracedExample(inputs, int(target.read(table)[0]))
    for name in target.columns:
        if np.isnan(np.asarray(table.column(name, path="example")[1], dtype=np.float64)[0]):
            raise InvalidSubmission([_missing(name)])
    return TracedExample(inputs, target.read(table)[0] + 0.0)


def _missing(name: str) -> Fault:
    return Fault(f"example.{name}", f"the target {name!r} is missing in this row", None, "a value")
