"""A population over a function is its whole state: members, points, optimizer state, epoch and turns."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from core import checkpoints
from core.arrays import Float64Array, FloatArray, IntArray
from core.configuration import Configuration, of_any_length
from core.errors import CoreError, DataError, ShapeError
from core.expressions.tree import size
from core.fields import FIELDS
from core.function_configuration import FUNCTION_FIELDS, function_configuration_hash
from core.functions import Function
from core.optimizers import OPTIMIZERS, State, initial_state
from core.version import NUMERICS_VERSION

LAST_GRADIENT = "last_gradient"  # among a checkpoint's arrays


@dataclass(frozen=True)
class FunctionMember:
    """One run over a function: its seed says which of the function's starts is its own."""

    configuration: Configuration
    seed: int

    def shape_key(self) -> tuple[object, ...]:
        """Return the key of the populations that this member may join."""
        return function_shape_key(self.configuration)


def function_shape_key(configuration: Configuration) -> tuple[object, ...]:
    """Return a key that is equal for runs over one function that may train in one population."""
    settings = [(FIELDS[name], getattr(configuration, name)) for name in FUNCTION_FIELDS]
    return tuple(
        str(value == field.neutral if field.switch else value)
        for field, value in settings
        if field.switch or not field.free
    )


def function_working_set_bytes(configuration: Configuration, function: Function) -> int:
    """Return the bytes that one more run adds: its state twice, every node's value and its derivative."""
    slots = len(OPTIMIZERS[configuration.optimizer].state_names)
    flat = len(function.variables) * (2 * (1 + slots) + 3) + 1
    return 8 * (flat + 2 * size(function.expression.tree))


class FunctionPopulation:
    """Runs over one function that step together, none of them touching another's bits.

    Shapes:
        active          (k,) indices into `members` of those still running, ascending
        weights         (k, variables) float64
        state[name]     (k, variables), as the optimizer names them
        turns           (k,) int64, at how many steps so far the derivative turned around
        last_gradient   (k, variables) float64, what the next one is compared with; 0 before the first step
    """

    def __init__(
        self,
        members: Sequence[FunctionMember],
        function: Function,
        weights: Float64Array,
        state: State,
        epoch: int,
        turns: IntArray,
        last_gradient: Float64Array,
    ) -> None:
        """Take over a state; `start` and `resume` are the ways to make one."""
        self.members = tuple(members)
        self.function = function
        self.weights = weights
        self.state = state
        self.epoch = epoch  # the last that is finished, 0 at the start
        self.turns = turns
        self.last_gradient = last_gradient
        self.active: IntArray = np.arange(len(self.members), dtype=np.int64)

    @classmethod
    def start(cls, members: Sequence[FunctionMember], function: Function) -> FunctionPopulation:
        """Put every member where its seed says.

        Raises: ShapeError if the members cannot run together.
        """
        _check_members(members)
        weights = np.array([function.start(member.seed) for member in members], dtype=np.float64)
        state = initial_state(members[0].configuration.optimizer, weights)
        turns = np.zeros(len(members), dtype=np.int64)
        return cls(members, function, weights, state, 0, turns, np.zeros_like(weights))

    @classmethod
    def resume(
        cls, members: Sequence[FunctionMember], function: Function, saved: Sequence[bytes]
    ) -> FunctionPopulation:
        """Continue from one checkpoint per member, all of one epoch, to the bits of an uninterrupted run.

        Raises: DataError if a checkpoint is damaged, another run's or made by other arithmetic, ShapeError if
        they are of different epochs or not one per member.
        """
        _check_members(members)
        if len(saved) != len(members):
            raise ShapeError(f"{len(saved)} checkpoints for {len(members)} members; allowed: one for each")
        slots = OPTIMIZERS[members[0].configuration.optimizer].state_names
        names = ("weights", LAST_GRADIENT, *slots)
        epochs, turns, loaded = [], [], []
        for member, checkpoint in zip(members, saved, strict=True):
            header, arrays = checkpoints.decode(checkpoint)
            for name, expected in _identity(member, function).items():
                if header.get(name) != expected:
                    found = f"a checkpoint's {name} is {header.get(name)!r}"
                    raise DataError(f"{found}; allowed: {expected!r}, the member's")
            shapes = {name: array.shape for name, array in arrays.items()}
            if shapes != dict.fromkeys(names, (len(function.variables),)):
                raise DataError(f"a checkpoint holds {shapes}; allowed: a number per variable for {names}")
            epochs.append(int(header["epoch"]))
            turns.append(int(header["turns"]))
            loaded.append(arrays)
        if len(set(epochs)) != 1:
            raise ShapeError(
                f"the checkpoints are of epochs {sorted(set(epochs))}; allowed: all of one epoch"
            )
        stacked = {name: np.stack([arrays[name] for arrays in loaded]) for name in names}
        weights = stacked.pop("weights").astype(np.float64, copy=False)
        last_gradient = stacked.pop(LAST_GRADIENT).astype(np.float64, copy=False)
        return cls(
            members, function, weights, stacked, epochs[0], np.array(turns, dtype=np.int64), last_gradient
        )

    def drop(self, members: Iterable[int]) -> None:
        """Take members out; the others move together and keep their bits. To drop one twice is no fault."""
        keep = ~np.isin(self.active, np.fromiter(members, np.int64))
        if keep.all():
            return
        self.active = self.active[keep]
        self.weights = self.weights[keep]
        self.state = {name: array[keep] for name, array in self.state.items()}
        self.turns = self.turns[keep]
        self.last_gradient = self.last_gradient[keep]

    def checkpoint(self, member: int) -> bytes:
        """Return everything that continuing this member from the last finished epoch needs, bit for bit.

        Raises: CoreError if the member is no longer running.
        """
        return self.saved(self._row(member))()

    def saved(self, row: int) -> Callable[[], bytes]:
        """Return what encodes a row's checkpoint as it is now, even when the population has moved on."""
        arrays = {"weights": self.weights[row], LAST_GRADIENT: self.last_gradient[row]}
        arrays |= {name: array[row] for name, array in self.state.items()}
        header = {"epoch": self.epoch, "turns": int(self.turns[row])}
        identity = _identity(self.members[self.active[row]], self.function)
        return partial(checkpoints.encode, {**header, **identity}, arrays)

    def parameters(self, member: int) -> dict[str, FloatArray]:
        """Return the member's variables by name, each an array of shape ().

        Raises: CoreError if the member is no longer running; its ending holds its parameters then.
        """
        return named(self.function, self.weights[self._row(member)])

    def _row(self, member: int) -> int:
        rows = np.flatnonzero(self.active == member)
        if not rows.size:
            raise CoreError(f"member {member} is not running; allowed: {self.active.tolist()}")
        return int(rows[0])


def variables_sha256(parameters: Mapping[str, FloatArray]) -> str:
    """Return the hexadecimal SHA-256 over the variables in the order of their names.

    Each contributes what a tensor does in `core.hashing`: name, NUL, `<f8`, NUL, an empty shape, NUL, and its
    eight bytes, little-endian.
    """
    digest = hashlib.sha256()
    for name in sorted(parameters):
        digest.update(f"{name}\0<f8\0\0".encode("ascii"))
        digest.update(np.asarray(parameters[name], dtype="<f8").tobytes())
    return digest.hexdigest()


def named(function: Function, row: Float64Array) -> dict[str, FloatArray]:
    """Return the variables of one run's row by name, each an array of shape ()."""
    return {name: np.array(value) for name, value in zip(function.variables, row, strict=True)}


def _check_members(members: Sequence[FunctionMember]) -> None:
    if not members:
        raise ShapeError("a population needs at least one member")
    keys = {member.shape_key() for member in members}
    if len(keys) != 1:
        raise ShapeError(
            f"{len(members)} members have {len(keys)} different shapes; allowed: equal optimizer and epochs"
        )


def _identity(member: FunctionMember, function: Function) -> dict[str, object]:
    """Return what a checkpoint must agree with to be this member's."""
    return {
        "numerics_version": NUMERICS_VERSION,
        "configuration": _course_hash(member.configuration),
        "seed": member.seed,
        "function": function.sha256,
    }


@lru_cache(maxsize=4096)
def _course_hash(configuration: Configuration) -> str:
    return function_configuration_hash(of_any_length(configuration))
