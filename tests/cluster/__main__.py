"""`make cluster`: hosts of a network are cut off and brought back; exit code 1 if anything was lost, 2 if
this machine does not permit it.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.checker import unfinished, went_back
from tests.chaos.history import StoredSweep, read_history
from tests.chaos.report import judge
from tests.cluster.cuts import CUTS
from tests.cluster.isolation import NotPermitted, isolated
from tests.cluster.site import WORKERS, Site, running_site
from tests.cluster.sweeps import ONE, SEVERAL
from tests.servers.postgres import NoPostgres
from tests.servers.valkey import NoValkey
from tests.servers.waiting import eventually

QUIET_SECONDS = 120.0
MOST_SHOWN = 50
LOG_LINES = 15  # of each worker, where something went wrong


def main(arguments: Sequence[str]) -> int:
    """Go through the cuts that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("cuts", nargs="*", metavar="CUT", help=f"any of: {', '.join(CUTS)}")
    parser.add_argument("--lease", type=float, default=6.0, help="BACKSWEEP_LEASE_SECONDS (6)")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.cuts) - set(CUTS):
        parser.error(f"{', '.join(sorted(unknown))} is no cut; allowed: {', '.join(CUTS)}")
    try:
        with isolated(arguments) as folder:
            return _go_through(folder, chosen.cuts or list(CUTS), chosen.lease)
    except KeyboardInterrupt:
        return 130
    except (NotPermitted, NoPostgres, NoValkey) as reason:
        print(f"There can be no cluster here: {reason}", file=sys.stderr)
        return 2


def _go_through(folder: Path, cuts: Sequence[str], lease: float) -> int:
    with running_site(folder, lease_seconds=lease) as site:
        quiet = _undisturbed(site)
        wrong = []
        for name in cuts:
            begun = time.monotonic()
            print(f"\n{name}: {(CUTS[name].__doc__ or '').splitlines()[0]}", flush=True)
            before = _history(site)
            try:
                CUTS[name](site, lease, _tell)
            except AssertionError as fault:
                wrong.append(f"{name}: {fault}")
                _explain(site, str(fault))
            for host in site.hosts.values():
                host.heal()
            wrong += _at_rest(site)
            wrong += went_back(before, _history(site))
            print(f"  ({time.monotonic() - begun:.0f} s)", flush=True)
        peaceful = {sweep.public_id for sweep in quiet.values()}
        report = judge((each for each in _history(site) if each.public_id not in peaceful), quiet, [])
    wrong += report.wrong
    print(
        f"\n{report.sweeps} sweeps, {report.runs} runs: {report.hashes} hashes of weights and {report.rows} "
        f"rows of losses compared with an undisturbed run; {report.leases_lost} leases expired\n"
        f"wrong: {len(wrong)}"
    )
    print(*wrong[:MOST_SHOWN], sep="\n", end="\n" if wrong else "")
    return min(len(wrong), 1)


def _undisturbed(site: Site) -> Mapping[str, StoredSweep]:
    """Each of the sweeps by its name, as it ends where no cable is pulled."""
    begun = time.monotonic()
    sweeps = [site.submit(ONE), site.submit(SEVERAL)]

    def over() -> bool:
        return all(site.stored(sweep).state == "completed" for sweep in sweeps)

    eventually(over, "the undisturbed sweeps are complete", QUIET_SECONDS, every=0.1)
    print(f"{len(site.hosts)} hosts, {len(WORKERS)} workers; undisturbed: {time.monotonic() - begun:.1f} s")
    stored = [site.stored(sweep) for sweep in sweeps]
    return {json.loads(sweep.submitted)["name"]: sweep for sweep in stored}


def _at_rest(site: Site) -> list[str]:
    def over() -> bool:
        return not unfinished(_history(site))

    try:
        eventually(over, "every run is over", QUIET_SECONDS, every=0.5)
    except AssertionError as fault:
        return [str(fault)]
    return []


def _history(site: Site) -> list[StoredSweep]:
    with site.database.read() as session:
        return list(read_history(session))


def _tell(sentence: str) -> None:
    print(f"  {sentence}", flush=True)


def _explain(site: Site, fault: str) -> None:
    print(f"  WRONG: {fault}")
    for name in WORKERS:
        print(f"  {name} said:", *site.log(name).splitlines()[-LOG_LINES:], sep="\n    ", flush=True)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    raise SystemExit(code)
