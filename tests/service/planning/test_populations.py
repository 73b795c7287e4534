"""Every run has one population, of one shape, that fits the cache and leaves no worker idle."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from service.planning.populations import PlacedRun, plan

BUDGET = 1_000_000


def placed(
    settings: int, seeds: int, *, shape: str = "a", working_set: int = 10_000, first: int = 1
) -> list[PlacedRun]:
    pairs = [(setting, seed) for setting in range(settings) for seed in range(seeds)]
    return [PlacedRun(first + index, seed, shape, working_set) for index, (_, seed) in enumerate(pairs)]


def seeds_of(populations: tuple[tuple[int, ...], ...], runs: list[PlacedRun]) -> list[set[int]]:
    by_number = {run.number: run.seed for run in runs}
    return [{by_number[number] for number in population} for population in populations]


run_lists = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from("abc"), st.sampled_from([1, 60_000, 300_000, 5_000_000])),
    max_size=80,
).map(
    lambda drawn: [PlacedRun(n + 1, seed, (shape, size), size) for n, (seed, shape, size) in enumerate(drawn)]
)


@given(run_lists, st.integers(0, 20))
def test_every_run_has_exactly_one_population_of_one_shape_within_the_budget(
    runs: list[PlacedRun], workers: int
) -> None:
    populations = plan(runs, workers, BUDGET)
    by_number = {run.number: run for run in runs}
    assert Counter(number for population in populations for number in population) == Counter(by_number.keys())
    for population in populations:
        members = [by_number[number] for number in population]
        assert len({member.shape for member in members}) == 1
        assert len(members) == 1 or sum(member.working_set for member in members) <= BUDGET
    assert len(populations) >= min(len(runs), 2 * workers)


def test_nothing_makes_no_population() -> None:
    assert plan([], 4) == ()


def test_a_population_holds_one_seed_where_a_seed_has_runs_enough() -> None:
    runs = placed(26, 10)
    populations = plan(runs, 2, BUDGET)
    assert [len(population) for population in populations] == [26] * 10
    assert all(len(seeds) == 1 for seeds in seeds_of(populations, runs))


def test_few_runs_per_seed_are_packed_by_whole_seeds() -> None:
    runs = placed(3, 100)
    populations = plan(runs, 1, BUDGET)
    assert [len(population) for population in populations] == [75, 75, 75, 75]
    assert sum(len(seeds) for seeds in seeds_of(populations, runs)) == 100


def test_packed_populations_are_about_equally_large() -> None:
    assert [len(population) for population in plan(placed(13, 20), 2, BUDGET)] == [65] * 4


def test_a_seed_that_does_not_fit_is_divided_evenly() -> None:
    assert [len(population) for population in plan(placed(250, 1), 1, BUDGET)] == [83, 83, 84]


def test_earlier_seeds_of_every_shape_come_first() -> None:
    runs = placed(26, 3) + placed(26, 3, shape="b", first=100)
    assert [min(seeds) for seeds in seeds_of(plan(runs, 1, BUDGET), runs)] == [0, 0, 1, 1, 2, 2]


def test_each_live_worker_has_two_populations_where_runs_allow() -> None:
    assert len(plan(placed(40, 1), 8, BUDGET)) >= 16
    assert len(plan(placed(5, 1), 8, BUDGET)) == 5


def test_the_workers_have_equally_much_to_do_where_they_are_done_sooner_by_it() -> None:
    def sizes(runs: list[PlacedRun], workers: int) -> list[int]:
        return [len(population) for population in plan(runs, workers, BUDGET)]

    assert sizes(placed(450, 1), 1) == [90] * 5
    assert sizes(placed(450, 1), 2) == [75] * 6
    # Seeds that are populations of their own are not halved: ten of 13 take longer than five of 26.
    assert sizes(placed(26, 9), 2) == [26] * 9


def test_a_run_that_exceeds_every_cache_trains_alone() -> None:
    assert plan(placed(3, 1, working_set=10 * BUDGET), 1, BUDGET) == ((1,), (2,), (3,))
