"""A program is a list of steps that compiled code takes one run of a population through, then the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from core.arrays import FloatArray, IntArray, empty
from core.batches import Batch


class Code(IntEnum):
    """What a step does, as kernels.c numbers it."""

    PRODUCT = 0
    RELU = 1
    RELU_SLOPE = 2
    ADD_TO_COLUMNS = 3
    DESCEND = 4
    MOMENTUM = 5
    NESTEROV = 6
    ADAM = 7
    SQUARED_ERROR = 8
    CROSS_ENTROPY = 9


# The struct of kernels.c: every field has eight bytes.
FIELDS = (
    *("code", "m", "n", "k"),
    *("a", "a_run", "a_row", "a_column"),
    *("b", "b_run", "b_row", "b_column"),
    *("c", "c_run", "c_row"),
    *("d", "d_run"),
    *("then", "bias", "bias_run"),
    *("classes", "classes_run"),
    *("weights", "weights_run"),
    *("a_of_run", "b_of_run"),
    *("first", "second", "third", "fourth"),
    *("sums", "hits"),
)
PLACE = {name: place for place, name in enumerate(FIELDS)}
VECTOR_BYTES = 64  # of the widest kind
AT_ONCE = 8  # batches that a run is taken through before the next: few calls, and they stay in the cache


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kind of vectors of the compiled code."""

    name: str
    number: int
    call: Callable[..., None]
    halt: Callable[[bool], None]  # all products of this process end at once, whatever they were to write


@dataclass(frozen=True, eq=False, slots=True)
class Descent:
    """How parameters descend along gradients while these are being computed.

    Shapes:
        velocity  (runs, width) or None, beside the parameters
        numbers   (runs, 1) each, as the rule of the code takes them
    """

    code: Code
    velocity: FloatArray | None = None
    numbers: Sequence[FloatArray] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One step: its numbers for kernels.c, and the arrays that must live as long as it.

    `reads` names the operands that are parts of a batch, whose memory is another for every batch. `moves`
    says of others how many bytes further they lie with every batch, of up to AT_ONCE, that is done in one go.
    """

    code: Code
    values: dict[str, int]
    holds: Sequence[Any] = field(default=())
    reads: Mapping[str, str] = field(default_factory=dict)  # operand to the name of the batch's part
    moves: Mapping[str, int] = field(default_factory=dict)


class Program:
    """Steps in order, to be run over all runs of a population as often as wanted."""

    def __init__(self, kernel: Kernel, runs: int, dtype: np.dtype, steps: Sequence[Step]) -> None:
        self._call = kernel.call
        self._steps = tuple(steps)  # for what they hold
        self._table = np.zeros((len(steps), len(FIELDS)), np.int64)
        read: list[tuple[int, str]] = []
        move: list[tuple[int, int]] = []
        for place, step in enumerate(steps):
            self._table[place, 0] = step.code
            for name, value in step.values.items():
                self._table[place, PLACE[name]] = value
            first = place * len(FIELDS)
            read += [(first + PLACE[operand], part) for operand, part in step.reads.items()]
            move += [(first + PLACE[operand], by) for operand, by in step.moves.items()]
        self._parts = [part for _, part in read]
        self._places = np.array([place for place, _ in (*read, *move)], np.int64)
        steady = self._table.reshape(-1)[self._places]
        by = np.array([0] * len(read) + [by for _, by in move], np.int64)
        self._values = steady + np.arange(AT_ONCE)[:, None] * by
        # struct batches of kernels.c
        self._batches = np.array([1, len(self._places), address(self._places), address(self._values)])
        terms = max(step.values.get("k", 0) for step in steps)
        self._scratch = empty((terms * 2 * VECTOR_BYTES,), np.dtype(np.uint8))
        self._arguments = (
            kernel.number,
            dtype.itemsize,
            address(self._table),
            len(steps),
            runs,
            address(self._batches),
            address(self._scratch),
        )

    def read(self, batches: Sequence[Mapping[str, int]]) -> None:
        """Take the parts of these batches, AT_ONCE at most, from these addresses from now on."""
        self._batches[0] = len(batches)
        if self._parts:
            parts = [[batch[part] for part in self._parts] for batch in batches]
            self._values[: len(batches), : len(self._parts)] = parts

    def run(self) -> None:
        """Take every run through all steps, once for every batch."""
        self._call(*self._arguments)


def multiply(
    left: FloatArray,
    right: FloatArray,
    out: FloatArray,
    *,
    left_of_run: IntArray | None = None,
    right_of_run: IntArray | None = None,
    reads: Mapping[str, str] | None = None,
    bias: FloatArray | None = None,
    then: Code | None = None,
    where: FloatArray | None = None,
    numbers: Sequence[FloatArray] = (),
) -> Step:
    """Step: out = left right, for every run, with a bias for every column if there is one.

    `then` says what is done to it before it is written: RELU, RELU_SLOPE where `where` is positive, or, as it
    is a gradient, a step of `out` along it: DESCEND, or MOMENTUM and NESTEROV with the velocity at `where`
    and `numbers`, what is kept of it and, of the latter, the momentum.

    Shapes:
        left   (runs, m, k), (sets, m, k) with `left_of_run`, or (1, m, k) for all
        right  (runs, k, n), likewise; rows or columns in one piece
        out    (runs, m, n), rows in one piece
        bias   (runs, 1, n); where as out; numbers (runs, 1) each
    """
    m, n, k = out.shape[1], out.shape[2], left.shape[2]
    if left.shape[1:] != (m, k) or right.shape[1:] != (k, n):
        raise ValueError(f"{left.shape} times {right.shape} is not {out.shape}")
    values = {"m": m, "n": n, "k": k, **_operand("a", left), **_operand("b", right), **_operand("c", out)}
    if n == 1:  # NumPy's stride of an axis of one number says nothing
        values["b_column"] = values["c_column"] = 1
    if 1 not in (values["b_row"], values["b_column"]) or values.pop("c_column") != 1:
        message = f"strides {right.strides} and {out.strides}: rows or columns of the one, rows of the other"
        raise ValueError(f"{message} have to lie in one piece")
    for name, of_run in (("a_of_run", left_of_run), ("b_of_run", right_of_run)):
        if of_run is not None:
            values[name] = address(of_run)
    for name, array in (("bias", bias), ("d", where)):
        if array is not None:
            values |= {name: address(array), f"{name}_run": _run_stride(array)}
    for name, array in zip(("first", "second"), numbers, strict=False):
        values[name] = address(array)
    values["then"] = then or Code.PRODUCT
    holds = (left, right, out, left_of_run, right_of_run, bias, where, *numbers)
    return Step(Code.PRODUCT, values, holds, reads or {})


def each(
    code: Code,
    *arrays: FloatArray,
    numbers: Sequence[FloatArray] = (),
    of_batch: Sequence[FloatArray] = (),
) -> Step:
    """Step over all numbers of a run: arrays (runs, n) or (runs, m, n), each run's in one piece.

    Shapes:
        numbers, of_batch  (runs, 1) each; the latter, which come last, (AT_ONCE, runs, 1)
    """
    values: dict[str, int] = {"n": int(np.prod(arrays[0].shape[1:]))}
    for name, array in zip("abcd", arrays, strict=False):
        values |= {name: address(array), f"{name}_run": _run_stride(array)}
    names = "first", "second", "third", "fourth"
    for name, array in zip(names, (*numbers, *of_batch), strict=False):
        values[name] = address(array)
    moves = {name: array.strides[0] for name, array in zip(names[len(numbers) :], of_batch, strict=False)}
    return Step(code, values, (*arrays, *numbers, *of_batch), moves=moves)


def loss(
    code: Code,
    outputs: FloatArray,
    batch: Batch,
    gradient: FloatArray,
    scale: FloatArray,
    sums: FloatArray,
    hits: IntArray,
    *,
    by_output: FloatArray,
    class_weights: FloatArray | None = None,
) -> Step:
    """Step: a loss with its derivative, summed over a batch, and its right answers.

    Shapes:
        outputs, gradient  (runs, outputs, batch)
        scale              (runs, ...) one number of each run
        sums, hits         (AT_ONCE, runs)
        by_output          (AT_ONCE, runs, outputs) what a squared error sums for each output
        class_weights      (runs, outputs) what an example of each class counts, if not all 1
    """
    values = {"m": outputs.shape[1], "n": outputs.shape[2]}
    arrays: dict[str, Any] = {"a": outputs, "b": batch.targets, "c": gradient, "d": by_output[0]}
    arrays["classes"] = batch.classes
    if class_weights is not None:
        arrays["weights"] = class_weights
    for name, array in arrays.items():
        values |= {name: address(array), f"{name}_run": _run_stride(array)}
    values |= {"first": address(scale), "sums": address(sums), "hits": address(hits)}
    reads = {"b": "targets", "classes": "classes"}
    moves = {"sums": sums.strides[0], "hits": hits.strides[0], "d": by_output.strides[0]}
    return Step(code, values, (*arrays.values(), batch, scale, sums, hits, by_output), reads, moves)


def add_to_columns(outputs: FloatArray, bias: FloatArray) -> Step:
    """Step: add a bias (runs, m, 1) to every column of outputs (runs, m, n)."""
    values = {"m": outputs.shape[1], "n": outputs.shape[2]}
    for name, array in (("a", outputs), ("b", bias)):
        values |= {name: address(array), f"{name}_run": _run_stride(array)}
    return Step(Code.ADD_TO_COLUMNS, values, (outputs, bias))


def address(array: np.ndarray[Any, Any]) -> int:
    """Where an array's memory begins."""
    found: int = array.__array_interface__["data"][0]
    return found


def _operand(name: str, array: FloatArray) -> dict[str, int]:
    _, row, column = (stride // array.itemsize for stride in array.strides)
    return {
        name: address(array),
        f"{name}_run": _run_stride(array),
        f"{name}_row": row,
        f"{name}_column": column,
    }


def _run_stride(array: FloatArray) -> int:
    return 0 if array.shape[0] == 1 else array.strides[0] // array.itemsize
