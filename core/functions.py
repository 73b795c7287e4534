"""A function to be minimised is an expression, points to start from, and what counts as arrived."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, islice
from typing import Any, Literal, NamedTuple

import numpy as np

from core.arrays import Float64Array
from core.errors import ConfigurationError, FieldFault
from core.expressions.errors import ExpressionError
from core.expressions.grammar import parse
from core.expressions.printing import to_text
from core.expressions.tape import Tape
from core.expressions.tree import Expression

DEFAULT_TOLERANCE = 1e-6  # size of the derivative
MAX_STARTS = 1_000
# Beyond, a value or a variable has run away, though float64 reaches further: its square is still finite.
DIVERGENCE_LIMIT = 1e100
# A curvature that central differences of the derivative tell from their own rounding errors.
CURVATURE_TOLERANCE = 1e-8

Standing = Literal["converged", "stationary", "unconverged"]


class Judgement(NamedTuple):
    """Where a run over a function has arrived.

    `converged`: the derivative is below the tolerance. `stationary`: it is too, but at a maximum or a saddle,
    where only the lack of any slope holds the run. `unconverged`: neither. Only `converged` can be best.
    """

    standing: Standing
    value: float
    slope: float  # size of the derivative
    text: str


@dataclass(frozen=True, eq=False)
class Function:
    """One function for all runs of a sweep; made by `of`, which checks it.

    `starts` are points in the order of `variables`. A run starts from the one that its seed counts to, from 0
    and round again: nothing else of it is random.
    """

    expression: Expression
    starts: tuple[tuple[float, ...], ...]
    tolerance: float

    @classmethod
    def of(
        cls,
        expression: str,
        start: Mapping[str, float | Sequence[float]],
        *,
        tolerance: float = DEFAULT_TOLERANCE,
    ) -> Function:
        """Read a function; `start` gives every variable a number, or a list with one number per start.

        Raises: ConfigurationError with all faults, their fields being `expression`, `start`, `start.x` and
        `tolerance`.
        """
        faults: list[FieldFault] = []
        if not _is_number(tolerance) or not tolerance > 0.0:
            faults.append(
                FieldFault("tolerance", "not a size of a derivative", tolerance, "a finite number above 0")
            )
        try:
            parsed = parse(expression)
        except ExpressionError as error:
            problem = f"{error.problem} at character {error.position}"
            fault = FieldFault("expression", problem, expression, error.allowed)
            raise ConfigurationError((fault, *faults)) from error
        if not parsed.variables:
            problem = "there is no variable to change"
            faults.append(FieldFault("expression", problem, expression, "at least one variable"))
        faults += _start_faults(parsed.variables, start)
        if faults:
            raise ConfigurationError(tuple(faults))
        columns = [_listed(start[name]) for name in parsed.variables]
        longest = max(len(column) for column in columns)
        starts = zip(*(islice(cycle(map(float, column)), longest) for column in columns), strict=True)
        return cls(parsed, tuple(starts), float(tolerance))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in the order of their first appearance."""
        return self.expression.variables

    @cached_property
    def tape(self) -> Tape:
        """What computes the function and its derivatives."""
        return Tape(self.expression.tree)

    @cached_property
    def sha256(self) -> str:
        """The hash of all that a run's bits depend on, and of the tolerance; blanks and ( ) do not count."""
        contents = [to_text(self.expression.tree), self.variables, self.starts, self.tolerance]
        return hashlib.sha256(json.dumps(contents, allow_nan=False).encode()).hexdigest()

    def start(self, seed: int) -> tuple[float, ...]:
        """Return the point that a run with this seed starts from."""
        return self.starts[seed % len(self.starts)]

    def differentiate(self, points: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return the values (runs,) and gradients (runs, variables) at points (runs, variables)."""
        return differentiate(self.tape, self.variables, points)

    def judge(self, value: float, point: Float64Array, gradient: Float64Array) -> Judgement:
        """Say where a run has arrived, by its value, point (variables,) and gradient (variables,)."""
        slope = float(lengths(gradient[None])[0])
        limit = f"the tolerance is {self.tolerance:g}"
        if not slope < self.tolerance:
            text = f"not converged: the derivative's size is {slope:.6g}, {limit}"
            return Judgement("unconverged", value, slope, text)
        if self._falls_away(point):
            text = f"stationary, but at no minimum: the derivative's size is {slope:.6g}, {limit}"
            return Judgement("stationary", value, slope, text)
        return Judgement(
            "converged", value, slope, f"converged: the derivative's size is {slope:.6g}, {limit}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return what `of` reads."""
        columns = zip(*self.starts, strict=True)
        start = {
            name: column[0] if len(column) == 1 else list(column)
            for name, column in zip(self.variables, columns, strict=True)
        }
        return {"expression": self.expression.text, "start": start, "tolerance": self.tolerance}

    def _falls_away(self, point: Float64Array) -> bool:
        """Tell whether the function bends down in some direction, by differences of the derivative."""
        steps = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(point))
        offsets = np.diag(steps)
        _, gradients = self.differentiate(np.concatenate((point + offsets, point - offsets)))
        ahead, behind = np.split(gradients, 2)
        with np.errstate(all="ignore"):
            curvature = (ahead - behind) / (2.0 * steps[:, None])
        if not np.isfinite(curvature).all():
            return False
        bends = np.linalg.eigvalsh((curvature + curvature.T) / 2.0)
        return bool(bends[0] < -CURVATURE_TOLERANCE * max(1.0, float(np.abs(bends).max())))


def differentiate(
    tape: Tape, variables: Sequence[str], points: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the values (runs,) and gradients (runs, variables) of a tape at points (runs, variables)."""
    columns = {name: points[:, index].copy() for index, name in enumerate(variables)}
    value, slopes = tape.differentiate(columns)
    return value, np.stack([slopes[name] for name in variables], axis=1)


def lengths(vectors: Float64Array) -> Float64Array:
    """Return the Euclidean length of each row (runs,), column after column, and safe from overflow."""
    with np.errstate(all="ignore"):
        largest = np.abs(vectors).max(axis=1)
        squares = np.zeros(vectors.shape[0])
        for column in vectors.T:
            share = column / largest
            squares = squares + share * share
        # Where the largest is 0 or not finite, it is itself the length.
        ordinary = (largest > 0.0) & np.isfinite(largest)
        return np.asarray(np.where(ordinary, largest * np.sqrt(squares), largest))


def _start_faults(variables: Sequence[str], start: object) -> list[FieldFault]:
    if not isinstance(start, Mapping):
        allowed = f"a value for each of {_names(variables)}"
        return [FieldFault("start", "not a value for every variable", start, allowed)]
    faults = [
        FieldFault(f"start.{name}", f"{name} has no start", None, "a finite number")
        for name in variables
        if name not in start
    ]
    counts = {1}
    for name, values in start.items():
        column = _listed(values)
        if name not in variables:
            problem = f"{name} is not in the expression"
            faults.append(FieldFault(f"start.{name}", problem, values, _names(variables)))
        elif not 1 <= len(column) <= MAX_STARTS or not all(_is_number(value) for value in column):
            allowed = f"a number of size at most {DIVERGENCE_LIMIT:g}, or a list of 1 to {MAX_STARTS} of them"
            faults.append(FieldFault(f"start.{name}", "not a start", values, allowed))
        else:
            counts.add(len(column))
    if len(counts) > 2:
        problem = f"lists of {sorted(counts - {1})} starts do not fit together"
        faults.append(FieldFault("start", problem, start, "lists of one length, and single numbers"))
    return faults


def _listed(values: object) -> Sequence[Any]:
    return values if isinstance(values, (list, tuple)) else [values]


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return abs(value) <= DIVERGENCE_LIMIT  # NaN is not


def _names(variables: Sequence[str]) -> str:
    return ", ".join(variables) or "no variable"
