"""A population is the whole state of training: members, parameters, optimizers, early stopping and epoch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core import checkpoints
from core.arrays import BoolArray, FloatArray, IntArray, aligned
from core.configuration import course_hash
from core.early_stopping import Rules, Watch, needs_validation
from core.errors import CoreError, DataError, ShapeError
from core.examples import Examples
from core.initializers import initial_row
from core.layout import Layout
from core.members import Member, check_task, shapes
from core.network import layer_sizes
from core.optimizers import OPTIMIZERS, State, initial_state
from core.version import NUMERICS_VERSION

BEST = "best"  # the name of the best weights among a checkpoint's arrays


@dataclass(frozen=True, eq=False)
class Saved:
    """The state of one member at the end of an epoch; the arrays are (layout.width,) each."""

    member: Member
    examples: Examples
    epoch: int
    watch: Watch
    arrays: Mapping[str, FloatArray]

    @classmethod
    def of_weights(
        cls, member: Member, examples: Examples, epoch: int, parameters: Mapping[str, FloatArray]
    ) -> Saved:
        """Return the state of a member whose weights are all of it.

        Raises: ShapeError if they are not: the optimizer has a state, or early stopping remembers something.
        """
        configuration = member.configuration
        slots = OPTIMIZERS[configuration.optimizer].state_names
        if slots or configuration.restore_best or not Rules.of(configuration).stop_nothing:
            raise ShapeError(
                f"weights alone do not go on where the optimizer is {configuration.optimizer} and early "
                "stopping is in use; allowed: an optimizer without a state, and no stopping rule"
            )
        layout = _common_layout([member], examples)
        weights = layout.pack(parameters, np.dtype(configuration.dtype))
        return cls(member, examples, epoch, Watch(), {"weights": weights})

    def encode(self) -> bytes:
        """Return the checkpoint."""
        header = {"epoch": self.epoch, "watch": self.watch.to_json()}
        return checkpoints.encode({**header, **_identity(self.member, self.examples)}, self.arrays)


class Population:
    """Runs of one shape that train in step with each other, none of them touching another's bits.

    Shapes:
        active          (k,) indices into `members` of those still training, ascending
        weights         (k, layout.width)
        state[name]     (k, layout.width), as the optimizer names them
        watches         k states of early stopping
        best            (k, layout.width) weights of the lowest validation loss so far, None if nobody asked
    """

    def __init__(
        self,
        members: Sequence[Member],
        examples: Examples,
        weights: FloatArray,
        state: State,
        epoch: int,
        watches: Sequence[Watch],
        best: FloatArray | None,
        layout: Layout,
    ) -> None:
        """Take over a state; `start` and `resume` are the ways to make one."""
        self.members = tuple(members)
        self.examples = examples
        self.layout = layout
        self.weights = weights
        self.state = state
        self.epoch = epoch  # the last that is finished, 0 at the start
        self.watches = list(watches)
        self.best = best
        self.active: IntArray = np.arange(len(self.members), dtype=np.int64)

    @classmethod
    def start(cls, members: Sequence[Member], examples: Examples, *, keep_best: bool = False) -> Population:
        """Draw first weights for every member.

        The weights of each member's lowest validation loss are kept with `keep_best`, and always where a
        configuration restores them.

        Raises: ShapeError if the members cannot train together, or are to be watched on validation rows and
        have none; DataError if a row does not exist, or the targets are numbers and classes are needed.
        """
        layout = _common_layout(members, examples)
        drawn: dict[tuple[object, ...], FloatArray] = {}
        for member in members:
            draw = _draw(member)
            if draw not in drawn:
                drawn[draw] = initial_row(member.configuration, member.seed, layout)
        weights = aligned(np.stack([drawn[_draw(member)] for member in members]))
        state = initial_state(members[0].configuration.optimizer, weights)
        best = np.zeros_like(weights) if _keeps_best(members, keep_best) else None
        return cls(members, examples, weights, state, 0, [Watch()] * len(members), best, layout)

    @classmethod
    def resume(
        cls,
        members: Sequence[Member],
        examples: Examples,
        saved: Sequence[bytes],
        *,
        keep_best: bool = False,
    ) -> Population:
        """Continue from one checkpoint per member, all of one epoch, to the bits of an uninterrupted run.

        Raises: DataError if a checkpoint is damaged, another member's, made by other arithmetic, or lacks the
        best weights that are to be kept; ShapeError if they are of different epochs or not one per member.
        """
        layout = _common_layout(members, examples)
        if len(saved) != len(members):
            raise ShapeError(f"{len(saved)} checkpoints for {len(members)} members; allowed: one for each")
        loaded = [checkpoints.decode(checkpoint) for checkpoint in saved]
        for member, (header, _) in zip(members, loaded, strict=True):
            _check_header(header, member, examples)
        epochs = sorted({header["epoch"] for header, _ in loaded})
        if len(epochs) != 1:
            raise ShapeError(f"the checkpoints are of epochs {epochs}; allowed: all of one epoch")
        names = ("weights", *OPTIMIZERS[members[0].configuration.optimizer].state_names)
        if _keeps_best(members, keep_best):
            names += (BEST,)
        for _, arrays in loaded:
            found = {name: array.shape for name, array in arrays.items() if name in names or name != BEST}
            if found != dict.fromkeys(names, (layout.width,)):
                raise DataError(
                    f"a checkpoint holds {sorted(arrays)}; allowed: {sorted(names)} of {layout.width} numbers"
                )
        stacked = {name: aligned(np.stack([arrays[name] for _, arrays in loaded])) for name in names}
        watches = [Watch.from_json(header.get("watch", {})) for header, _ in loaded]
        best = stacked.pop(BEST, None)
        return cls(members, examples, stacked.pop("weights"), stacked, epochs[0], watches, best, layout)

    def drop(self, members: Iterable[int]) -> None:
        """Take members out; the others move together and keep their bits. To drop one twice is no fault."""
        keep = ~np.isin(self.active, np.fromiter(members, np.int64))
        if keep.all():
            return
        self.active = self.active[keep]
        self.weights = aligned(self.weights[keep])
        self.state = {name: aligned(array[keep]) for name, array in self.state.items()}
        self.watches = [watch for watch, kept in zip(self.watches, keep, strict=True) if kept]
        self.best = None if self.best is None else self.best[keep]

    def keep_best(self, rows: BoolArray) -> None:
        """Remember the weights as they are of the rows (k,) whose validation loss is the lowest so far."""
        if self.best is not None:
            np.copyto(self.best, self.weights, where=rows[:, None])

    def checkpoint(self, member: int) -> bytes:
        """Return everything that continuing this member from the last finished epoch needs, bit for bit.

        Raises: CoreError if the member is no longer training.
        """
        row = self._row(member)
        return self.saved(row, self.watches[row], self.best).encode()

    def saved(self, row: int, watch: Watch, best: FloatArray | None) -> Saved:
        """Return what a row would go on from, with this watch and its row of these best weights (k, width).

        It stays what it is when the population moves on without the row; in the next epoch it changes.
        """
        arrays = {"weights": self.weights[row], **{name: array[row] for name, array in self.state.items()}}
        if best is not None:
            arrays[BEST] = best[row]
        return Saved(self.members[self.active[row]], self.examples, self.epoch, watch, arrays)

    def parameters(self, member: int) -> dict[str, FloatArray]:
        """Return copies of a member's tensors: `layers.0.weight` (inputs, outputs), `layers.0.bias` and on.

        Raises: CoreError if the member is no longer training; its ending holds its parameters then.
        """
        return self.layout.unpack(self.weights[self._row(member)])

    def _row(self, member: int) -> int:
        rows = np.flatnonzero(self.active == member)
        if not rows.size:
            raise CoreError(f"member {member} is not training; allowed: {self.active.tolist()}")
        return int(rows[0])


def _common_layout(members: Sequence[Member], examples: Examples) -> Layout:
    """Return the layout of the members' networks, once they are known to fit each other and the examples."""
    if not members:
        raise ShapeError("a population needs at least one member")
    different = shapes(members)
    if different != 1:
        raise ShapeError(
            f"{len(members)} members have {different} different shapes; allowed: equal shape_key for all"
        )
    check_task(members[0].configuration, examples)
    checked: set[tuple[int, int]] = set()  # members with one seed share the same arrays
    for member in members:
        _check_validation(member)
        arrays = id(member.train_rows), id(member.validation_rows)
        if arrays not in checked:
            checked.add(arrays)
            examples.check_rows(np.concatenate((member.train_rows, member.validation_rows)))
    return Layout(layer_sizes(members[0].configuration, examples.features, examples.outputs))


def _check_validation(member: Member) -> None:
    asking = needs_validation(member.configuration)
    if asking and not member.validation_rows.size:
        raise ShapeError(
            f"{', '.join(asking)} needs validation rows and there are none; allowed: at least one"
        )


def _keeps_best(members: Sequence[Member], asked: bool) -> bool:
    """Tell whether best weights are kept.

    Raises: ShapeError if they are asked for where nothing is validated.
    """
    if asked and not members[0].validation_rows.size:
        raise ShapeError("the best weights need validation rows and there are none; allowed: at least one")
    return asked or any(member.configuration.restore_best for member in members)


def _draw(member: Member) -> tuple[object, ...]:
    """Return what first weights depend on, besides what a population has in common."""
    return member.seed, member.configuration.initializer, member.configuration.init_scale


def _identity(member: Member, examples: Examples) -> dict[str, object]:
    """Return what a checkpoint must agree with to be this member's."""
    return {
        "numerics_version": NUMERICS_VERSION,
        "configuration": _course_hash(member.configuration),
        "seed": member.seed,
        "features": examples.features,
        "outputs": examples.outputs,
        "train_rows": hashlib.sha256(member.train_rows.tobytes()).hexdigest(),
    }


# Every checkpoint of a run asks for it, and it takes longer than all else of a small one.
_course_hash = lru_cache(maxsize=4096)(course_hash)


def _check_header(header: dict[str, object], member: Member, examples: Examples) -> None:
    for name, expected in _identity(member, examples).items():
        if header.get(name) != expected:
            raise DataError(
                f"a checkpoint's {name} is {header.get(name)!r}; allowed: {expected!r}, the member's"
            )
