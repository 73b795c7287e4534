"""What must hold of a stored history, at any moment and at its end; every fault found is a sentence.

The rules are the invariants of a run's life: it exists once, ends once, and a kill leaves no trace in its
losses and weights. Nothing here knows how the product keeps them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from service.planning.measurements import MOST_RECORDED_EPOCHS, is_recorded
from service.planning.statuses import RUN_STEPS, Cause, RunState
from tests.chaos.history import StoredPopulation, StoredRun, StoredSweep

# Each of these raises the token of the population it names by one. What comes to raise it as well (a pause,
# say) has to be told by an event of its own, and that event to be added here.
RAISING_EVENTS = frozenset({"claimed", "environment_changed", "lease_expired", "handed_back"})
RETRIED = RUN_STEPS[Cause.RETRY].before  # runs that may go on from their checkpoint
BEGINNING_EVENTS = frozenset({"claimed", "environment_changed"})
RAISING_SWEEPS = frozenset({"canceled"})  # events that raise the tokens of a sweep's unfinished populations


def broken_rules(history: Iterable[StoredSweep]) -> list[str]:
    """What is wrong with a history that may still go on."""
    return [f"{sweep.public_id}: {fault}" for sweep in history for fault in _in_sweep(sweep)]


def went_back(before: Iterable[StoredSweep], after: Iterable[StoredSweep]) -> list[str]:
    """What a later reading has lost of an earlier one: tokens, final states, recorded epochs."""
    later = {sweep.public_id: sweep for sweep in after}
    faults = []
    for sweep in before:
        if sweep.public_id not in later:
            faults.append(f"{sweep.public_id} is gone")
            continue
        faults += [f"{sweep.public_id}: {fault}" for fault in _steps_back(sweep, later[sweep.public_id])]
    return faults


def unfinished(history: Iterable[StoredSweep]) -> list[str]:
    """What is still open in a history that should be over."""
    faults = []
    for sweep in history:
        faults += [
            f"{sweep.public_id}: run {run.number} is {run.state}"
            for run in sweep.runs
            if not run.state.is_final
        ]
        faults += [
            f"{sweep.public_id}: population {population.public_id} is {population.state}"
            for population in sweep.populations
            if population.state != "finished"
        ]
    return faults


def differences(sweep: StoredSweep, quiet: StoredSweep) -> list[str]:
    """Where a sweep's runs differ from those of the same submission that nothing disturbed."""
    faults = []
    if len(sweep.runs) != len(quiet.runs):
        faults.append(f"{len(sweep.runs)} runs, undisturbed {len(quiet.runs)}")
    for run, expected in zip(sweep.runs, quiet.runs, strict=False):
        for name in ("number", "seed", "state", "reason", "epoch", "weights_sha256", "weights", "layers"):
            found, wanted = getattr(run, name), getattr(expected, name)
            if found != wanted:
                faults.append(f"run {run.number}: {name} is {_short(found)}, undisturbed {_short(wanted)}")
        faults += [f"run {run.number}: {fault}" for fault in _other_losses(run, expected)]
    return [f"{sweep.public_id}: {fault}" for fault in faults]


def repeated_keys(keys: Iterable[str | None]) -> list[str]:
    """Idempotency keys that stand on more than one sweep."""
    counts = Counter(key for key in keys if key is not None)
    return [f"key {key} made {count} sweeps" for key, count in counts.items() if count > 1]


def _other_losses(run: StoredRun, expected: StoredRun) -> Iterator[str]:
    found, wanted = dict(run.losses), dict(expected.losses)
    for epoch in sorted(found.keys() & wanted.keys()):
        if found[epoch] != wanted[epoch]:
            pair = f"{_short(found[epoch])}, undisturbed {_short(wanted[epoch])}"
            yield f"the losses of epoch {epoch} are {pair}"
            return
    # Of a long run, a checkpoint also keeps the row of the best epoch so far: those depend on the time.
    due = {epoch for epoch in range(1, expected.epoch + 1) if is_recorded(epoch, expected.epochs)}
    if missing := (due | {expected.epoch}) - found.keys():
        yield f"epochs without losses: {_short(sorted(missing))}"
    if len(due) == expected.epochs and (more := found.keys() - wanted.keys()):
        yield f"losses of epochs that never were: {_short(sorted(more))}"


def _in_sweep(sweep: StoredSweep) -> Iterator[str]:
    counted = Counter(run.state for run in sweep.runs)
    for state in RunState:
        if sweep.counts[state] != counted[state]:
            yield f"counts {sweep.counts[state]} {state} runs, has {counted[state]}"
    if [run.number for run in sweep.runs] != list(range(1, sweep.all_count + 1)):
        yield f"its runs are not numbered from 1 to {sweep.all_count}"
    # Of a run that has ended before its last epoch the others count as done; a canceled one may be retried.
    over = [run.state.is_final and run.state != RunState.CANCELED for run in sweep.runs]
    done = sum(run.epochs if ended else run.epoch for run, ended in zip(sweep.runs, over, strict=True))
    if sweep.epochs_done != done:
        yield f"{sweep.epochs_done} epochs done, its runs have {done}"
    yield from _in_story(sweep)
    populations = {population.key: population for population in sweep.populations}
    for run in sweep.runs:
        faults = [*_in_run(run), *_lease_of(run, populations[run.population])]
        yield from (f"run {run.number}: {fault}" for fault in faults)
    for population in sweep.populations:
        yield from (f"{population.public_id}: {fault}" for fault in _in_population(population, sweep.events))


def _in_story(sweep: StoredSweep) -> Iterator[str]:
    numbers = [number for number, *_ in sweep.events]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"its events are not numbered from 1 without a gap: {_short(numbers)}"
    for number, _kind, _at, document in sweep.events:
        if sum(document["counts"].values()) != sweep.all_count:
            yield f"event {number} counts {sum(document['counts'].values())} runs of {sweep.all_count}"


def _in_run(run: StoredRun) -> Iterator[str]:
    epochs = [epoch for epoch, _values in run.losses]
    if epochs != sorted(set(epochs)):
        yield f"its epochs are not in order, each once: {_short(epochs)}"
    if run.epochs <= MOST_RECORDED_EPOCHS and epochs != list(range(1, run.epoch + 1)):
        yield f"it is at epoch {run.epoch}, and has losses of {_short(epochs)}"
    if run.epoch and run.state.is_final and (not epochs or epochs[-1] != run.epoch):
        yield f"it ended at epoch {run.epoch}, its last losses are of {epochs[-1:]}"
    if run.replay is not None:
        yield f"an epoch that was trained again differed: {dict(run.replay)}"
    if run.state.is_final and run.state not in RETRIED and run.checkpoint is not None:
        yield f"it is {run.state} and has a checkpoint left"
    if run.checkpoint is not None and run.checkpoint[0] > run.epoch:
        yield f"its checkpoint is of epoch {run.checkpoint[0]}, its record of {run.epoch}"
    if run.state is RunState.COMPLETED and run.weights.get("final", run.weights_sha256) != run.weights_sha256:
        yield "its stored weights have another hash than it"
    if run.weights and not run.state.is_final:
        yield f"it is {run.state} and has final weights"


def _lease_of(run: StoredRun, population: StoredPopulation) -> Iterator[str]:
    if (run.state is RunState.RUNNING) != (population.state == "running" and not run.state.is_final):
        yield f"it is {run.state}, its population {population.state}"
    if run.state is RunState.QUEUED and population.state != "queued":
        yield f"it is queued, its population {population.state}"


def _in_population(
    population: StoredPopulation, events: Sequence[tuple[int, str, int, Mapping[str, object]]]
) -> Iterator[str]:
    if (population.state == "running") != (population.lease_owner is not None):
        yield f"it is {population.state} and leased to {population.lease_owner}"
    kinds = [
        kind for _number, kind, _at, document in events if document.get("population") == population.public_id
    ]
    raised = sum(kind in RAISING_EVENTS for kind in kinds)
    swept = sum(kind in RAISING_SWEEPS for _number, kind, *_ in events)
    if not raised <= population.fencing_token <= raised + swept:
        yield f"its fencing token is {population.fencing_token}, its story raised it {raised} times"
    held = False
    for kind in kinds:
        if kind in BEGINNING_EVENTS and held:
            yield "it was claimed while it was held"
        if kind == "progress" and not held:
            yield "it was written to while nobody held it"
        if kind in RAISING_EVENTS:
            held = kind in BEGINNING_EVENTS


def _steps_back(before: StoredSweep, after: StoredSweep) -> Iterator[str]:
    populations = {population.public_id: population for population in after.populations}
    for population in before.populations:
        token = populations[population.public_id].fencing_token
        if token < population.fencing_token:
            yield f"{population.public_id}: its fencing token fell from {population.fencing_token} to {token}"
    for old, new in zip(before.runs, after.runs, strict=True):
        if old.state.is_final and (old.state, old.losses, old.weights) != (
            new.state,
            new.losses,
            new.weights,
        ):
            yield f"run {old.number}: it was {old.state} and changed afterwards"
        if new.losses[: len(old.losses)] != old.losses:
            yield f"run {old.number}: losses that were recorded changed or went"
        if new.epoch < old.epoch:
            yield f"run {old.number}: it fell from epoch {old.epoch} to {new.epoch}"
    if after.events[: len(before.events)] != before.events:
        yield "events that were told changed or went"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:80]} ... {text[-30:]}"
