"""What came of a chaos: faults by kind, times to recovery, what was compared and what was wrong."""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.checker import BEGINNING_EVENTS, broken_rules, differences, repeated_keys, unfinished
from tests.chaos.faults import KILLS, Kind
from tests.chaos.history import StoredSweep
from tests.chaos.nemesis import Strike


@dataclass(slots=True)
class Report:
    """The figures of one site's chaos; `wrong` is empty if nothing was lost."""

    strikes: Sequence[Strike]
    wrong: list[str] = field(default_factory=list)
    sweeps: int = 0
    runs: int = 0
    hashes: int = 0  # of weights that were compared
    rows: int = 0  # of losses that were compared
    leases_lost: int = 0
    recoveries: list[float] = field(default_factory=list)  # seconds

    def __str__(self) -> str:
        """The figures as a person reads them."""
        counts = Counter(strike.kind for strike in self.strikes)
        lines = [
            f"{len(self.strikes)} faults:",
            *(f"  {counts[kind]:5} {kind}" for kind in Kind if counts[kind]),
        ]
        lines.append(
            f"{self.sweeps} sweeps, {self.runs} runs: {self.hashes} hashes of weights and {self.rows} rows "
            f"of losses compared with an undisturbed run; {self.leases_lost} leases expired"
        )
        if self.recoveries:
            lines.append(
                "from a worker's death to its population training again: "
                f"median {statistics.median(self.recoveries):.2f} s, "
                f"95 % within {_quantile(self.recoveries, 0.95):.2f} s, longest {max(self.recoveries):.2f} s "
                f"({len(self.recoveries)} deaths)"
            )
        lines.append(f"wrong: {len(self.wrong)}")
        return "\n".join([*lines, *self.wrong[:50]])


def judge(
    history: Iterable[StoredSweep], quiet: Mapping[str, StoredSweep], strikes: Sequence[Strike]
) -> Report:
    """Compare a history that is over with the undisturbed sweeps, by their names."""
    report = Report(strikes)
    keys = []
    for sweep in history:
        report.wrong += broken_rules([sweep]) + unfinished([sweep])
        report.wrong += differences(sweep, quiet[json.loads(sweep.submitted)["name"]])
        report.sweeps += 1
        report.runs += len(sweep.runs)
        report.hashes += sum(len(run.weights) for run in sweep.runs)
        report.rows += sum(len(run.losses) for run in sweep.runs)
        report.leases_lost += sum(kind == "lease_expired" for _number, kind, *_ in sweep.events)
        report.recoveries += _recoveries(sweep, strikes)
        keys.append(sweep.idempotency_key)
    report.wrong += repeated_keys(keys)
    return report


def _recoveries(sweep: StoredSweep, strikes: Iterable[Strike]) -> list[float]:
    """The seconds from each kill to the next claim of the population that was held."""
    claims: dict[str, list[float]] = {}
    for _number, kind, at, document in sweep.events:
        if kind in BEGINNING_EVENTS:
            claims.setdefault(document["population"], []).append(at / 1000)
    return [
        min(later) - strike.at
        for strike in strikes
        if strike.kind in KILLS
        and strike.population in claims
        and (later := [at for at in claims[strike.population] if at > strike.at])
    ]


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]
