"""Runs are divided into populations: what trains together, and what a worker claims.

Which runs share a population never changes their bits (see `core`), so this decides only how fast a sweep is
and how soon it shows something. Runs of one shape and one seed see the same rows in the same order, and the
core copies such a batch once for all of them; so a population holds one seed where a seed has runs enough,
and else whole seeds, about equally many in each.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from itertools import pairwise

# Bytes of working set in one population, until a worker has measured what its own cache serves
# (core/calibration.py; on one core with 1 MiB of L2 and a share of 32 MiB of L3 it found 8 MiB, too).
CACHE_BUDGET = 8 * 2**20
MAX_RUNS = 512  # of one population, however small they are: what one lost lease costs
# Runs of one seed that are company enough: 24 had nine tenths of the speed of 64, and balance workers better.
ONE_SEED_FROM = 24
OF_A_POPULATION = 6  # runs that take as long as what each costs, in the core (see above) and beside it
MANY_PER_WORKER = 16  # with more, the last one is a few per cent of what a worker does
POPULATIONS_PER_WORKER = 2  # so that no worker stands idle while another has its last long one


@dataclass(frozen=True, slots=True)
class PlacedRun:
    """What matters of a run here; shape and bytes are those of `core.members`."""

    number: int
    seed: int
    shape: Hashable
    working_set: int  # bytes that it adds to a population


def plan(
    runs: Sequence[PlacedRun], live_workers: int, cache_budget: int = CACHE_BUDGET
) -> tuple[tuple[int, ...], ...]:
    """The run numbers of each population, in the order in which they are best trained.

    Every run stands in exactly one. Populations are as large as the cache budget allows, and smaller if
    otherwise there were fewer than two for each live worker, or if the workers are done sooner with as many
    for each. Earlier seeds come first, over all shapes, so that a sweep shows every setting once before it
    shows any of them again.
    """
    if len(runs) <= 1:
        return tuple((run.number,) for run in runs)
    rank = {seed: position for position, seed in enumerate(dict.fromkeys(run.seed for run in runs))}
    groups = [_Group.of(members, rank, cache_budget) for members in _by_shape(runs)]
    limit = _best_limit(groups, len(runs), max(1, live_workers))
    populations = [population for group in groups for population in group.cut(limit)]
    populations.sort(key=lambda population: (rank[population[0].seed], population[0].number))
    return tuple(tuple(run.number for run in population) for population in populations)


@dataclass(frozen=True, slots=True)
class _Group:
    """The runs of one shape, by seed, and how many of them fit into the cache together."""

    seeds: tuple[tuple[PlacedRun, ...], ...]
    most: int

    @classmethod
    def of(cls, runs: Sequence[PlacedRun], rank: dict[int, int], cache_budget: int) -> _Group:
        by_seed: dict[int, list[PlacedRun]] = defaultdict(list)
        for run in sorted(runs, key=lambda run: (rank[run.seed], run.number)):
            by_seed[run.seed].append(run)
        largest = max(1, *(run.working_set for run in runs))
        most = min(MAX_RUNS, max(1, cache_budget // largest))
        return cls(tuple(tuple(members) for members in by_seed.values()), most)

    def cut(self, limit: int) -> Iterator[tuple[PlacedRun, ...]]:
        """Populations of at most `limit` runs, and at most as many as fit."""
        size = min(limit, self.most)
        few: list[tuple[PlacedRun, ...]] = []  # seeds in a row that are better packed with others
        for members in self.seeds:
            if len(members) >= min(size, ONE_SEED_FROM):
                yield from _packed(few, size)
                few = []
                yield from _evenly(members, size)
            else:
                few.append(members)
        yield from _packed(few, size)


def _packed(seeds: Sequence[tuple[PlacedRun, ...]], size: int) -> Iterator[tuple[PlacedRun, ...]]:
    """Whole seeds, about equally many runs in each population, of which there are as few as can be."""
    left, pieces = sum(map(len, seeds)), _fewest(seeds, size)
    packed: list[PlacedRun] = []
    for members in seeds:
        if packed and (len(packed) + len(members) > size or len(packed) * pieces >= left):
            yield tuple(packed)
            left, pieces = left - len(packed), max(1, pieces - 1)
            packed = []
        packed.extend(members)
    if packed:
        yield tuple(packed)


def _fewest(seeds: Sequence[tuple[PlacedRun, ...]], size: int) -> int:
    """How many populations of at most `size` runs hold these seeds, in their order."""
    pieces, room = 0, 0
    for members in seeds:
        if len(members) > room:
            pieces, room = pieces + 1, size
        room -= len(members)
    return pieces


def _by_shape(runs: Sequence[PlacedRun]) -> list[list[PlacedRun]]:
    groups: dict[Hashable, list[PlacedRun]] = defaultdict(list)
    for run in runs:
        groups[run.shape].append(run)
    return list(groups.values())


def _evenly(members: tuple[PlacedRun, ...], size: int) -> Iterator[tuple[PlacedRun, ...]]:
    pieces = -(-len(members) // size)
    bounds = [len(members) * piece // pieces for piece in range(pieces + 1)]
    for start, end in pairwise(bounds):
        yield members[start:end]


def _best_limit(groups: Sequence[_Group], runs: int, workers: int) -> int:
    """The limit on a population's size with which the workers are done soonest; of two alike the larger."""
    limit = _largest_limit(groups, min(runs, POPULATIONS_PER_WORKER * workers))
    sizes = _sizes(groups, limit)
    uneven = len(sizes) % workers
    if not uneven or len(sizes) > MANY_PER_WORKER * workers:
        return limit
    even = _largest_limit(groups, min(runs, len(sizes) + workers - uneven))
    return min(limit, even, key=lambda each: _done_after(_sizes(groups, each), workers))


def _sizes(groups: Sequence[_Group], limit: int) -> list[int]:
    return [len(population) for group in groups for population in group.cut(limit)]


def _done_after(sizes: Sequence[int], workers: int) -> int:
    """When the last of the workers is done that take populations in turn, in units of one run's time."""
    free = [0] * workers
    for size in sizes:
        heapreplace(free, free[0] + OF_A_POPULATION + size)
    return max(free)


def _largest_limit(groups: Sequence[_Group], wanted: int) -> int:
    """The largest limit on a population's size that still makes `wanted` of them; 1 always does."""
    low, high = 1, max(group.most for group in groups)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(1 for group in groups for _ in group.cut(middle)) >= wanted:
            low = middle
        else:
            high = middle - 1
    return low
