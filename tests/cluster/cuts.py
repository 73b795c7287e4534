"""Each way of cutting a host off, what must happen then, and how long it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

import httpx

from service.planning.statuses import SweepState
from tests.cluster.network import Host
from tests.cluster.site import ROOT, WORKERS, Site
from tests.cluster.sweeps import ONE, SEVERAL
from tests.servers.waiting import eventually

Tell = Callable[[str], None]
Cut = Callable[[Site, float, Tell], None]

PATIENCE = 120.0  # seconds until what must happen has happened
LOOK_EVERY = 0.1  # seconds
BEYOND_CONNECTIONS = 45.0  # seconds: by then every connection has been given up at both ends
SHORT, LONG = 12.0, 40.0  # seconds for which a server is away: less and more than a connection lives
OVER = (SweepState.COMPLETED, SweepState.FAILED, SweepState.CANCELED)
REFUSED = "the work is dropped"  # says a worker whose write found its lease gone


def cable_pulled(site: Site, lease: float, tell: Tell) -> None:
    """A worker's host is away until its population is the other's: its late write is refused."""
    late = _taken_over(site, Host.cut, lease, tell)
    eventually(lambda: REFUSED in late(), "the late writer is refused", PATIENCE, every=LOOK_EVERY)
    tell("its late write was refused")


def away_for_long(site: Site, lease: float, tell: Tell) -> None:
    """A worker's host is away until both ends have given every connection up."""
    _taken_over(site, Host.cut, lease, tell, at_least=BEYOND_CONNECTIONS)


def mute(site: Site, lease: float, tell: Tell) -> None:
    """What a worker's host sends is lost; it hears the others."""
    _taken_over(site, Host.mute, lease, tell)


def deaf(site: Site, lease: float, tell: Tell) -> None:
    """What is sent to a worker's host is lost; the others hear it."""
    _taken_over(site, Host.deafen, lease, tell)


def slow(site: Site, lease: float, tell: Tell) -> None:
    """What a worker's host sends arrives later than its lease lasts."""
    _taken_over(site, lambda host: tell(host.slow_down(2 * lease)), lease, tell)


def inside_a_transaction(site: Site, lease: float, tell: Tell) -> None:
    """A worker's host is cut off while a transaction of its has locked population and sweep."""

    def strike(host: Host) -> None:
        command = host.command([sys.executable, "-m", "tests.cluster.holding"])
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "BACKSWEEP_DATABASE_URL": site.url}
        holding.append(
            subprocess.Popen(
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        output = holding[0].stdout
        assert output is not None
        assert output.readline() == "locked\n"
        # The worker's other sessions queue up behind it: they are to die together, not one after the other.
        eventually(lambda: site.waits_for_a_lock(host), "the worker waits for the lock", every=LOOK_EVERY)
        host.cut()

    holding: list[subprocess.Popen[str]] = []
    try:
        _taken_over(site, strike, lease, tell)
    finally:
        for process in holding:
            process.kill()
            process.communicate()


def broker_away(site: Site, _lease: float, tell: Tell) -> None:
    """Nobody reaches the broker: submissions stand, and what was submitted is trained once it is back."""
    broker = site.hosts["broker"]
    for seconds in (SHORT, LONG):
        first = site.submit(SEVERAL)
        _claimed(site, first)
        broker.cut()
        begun = time.monotonic()
        _over(site, first)  # whoever is at work needs no bell
        asked = time.monotonic()
        second = site.submit(SEVERAL)
        answered = time.monotonic() - asked
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        healed = _healed(broker)
        _over(site, second)
        claimed = site.claims(second)[0][1] - healed
        when = f"claimed {claimed:.1f} s after it was back" if claimed > 0 else "claimed meanwhile"
        tell(f"away for {seconds:g} s: a submission was answered in {answered:.1f} s and {when}")


def database_away(site: Site, _lease: float, tell: Tell) -> None:
    """Nobody reaches the database: the API says so, and everything goes on once it is back."""
    database = site.hosts["database"]
    for seconds in (SHORT, LONG):
        one, several = site.submit(ONE), site.submit(SEVERAL)
        _begun(site, one)
        database.cut()
        begun = time.monotonic()
        said = _readiness(site, seconds - 1)
        answered = time.monotonic() - begun
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
        healed = _healed(database)
        _over(site, one)
        _over(site, several)
        last = max(at for _host, at in site.claims(one) + site.claims(several))
        when = f", last claim {last - healed:.1f} s after it was back" if last > healed else ""
        tell(f"away for {seconds:g} s: /readyz said {said} after {answered:.1f} s{when}")
        eventually(site.ready, "the API is ready again", PATIENCE, every=LOOK_EVERY)


CUTS: Mapping[str, Cut] = {
    "cable-pulled": cable_pulled,
    "away-for-long": away_for_long,
    "mute": mute,
    "deaf": deaf,
    "slow": slow,
    "inside-a-transaction": inside_a_transaction,
    "broker-away": broker_away,
    "database-away": database_away,
}


def _taken_over(
    site: Site, strike: Callable[[Host], None], lease: float, tell: Tell, *, at_least: float = 0.0
) -> Callable[[], str]:
    """Cut a worker off in the middle of its run until the other has it, and until it works again.

    Returns what gives all that its worker has said since.
    """
    one = site.submit(ONE)
    _begun(site, one)
    name = site.claims(one)[-1][0]
    (other,) = set(WORKERS) - {name}
    said_before = len(site.log(name))
    strike(site.hosts[name])
    cut = time.time()

    def taken() -> float | None:
        return next((at for host, at in site.claims(one) if host == other and at > cut), None)

    eventually(taken, f"{other} has taken the run over from {name}", PATIENCE, every=LOOK_EVERY)
    freed = min(at / 1000 for _n, kind, at, _d in site.stored(one).events if kind == "lease_expired")
    tell(
        f"taken over {(taken() or 0) - cut:.1f} s after the cut; "
        f"the lease of {lease:g} s was found to be over after {freed - cut:.1f} s"
    )
    time.sleep(max(0.0, cut + at_least - time.time()))
    healed = _healed(site.hosts[name])
    begun = time.time()
    fresh: list[str] = []

    def claimed() -> float | None:
        # So long as it is not back the other one does the work, and there must be some to claim.
        if not fresh or site.client.get(f"/api/v1/sweeps/{fresh[-1]}").json()["state"] in OVER:
            fresh.append(site.submit(SEVERAL))
        claims = (claim for sweep in fresh for claim in site.claims(sweep))
        return next((at for host, at in claims if host == name), None)

    eventually(claimed, f"{name} claims again by itself", PATIENCE, every=LOOK_EVERY)
    tell(f"claimed again {(claimed() or begun) - healed:.1f} s after the cut's end")
    for sweep in (one, *fresh):
        _over(site, sweep)
    return lambda: site.log(name)[said_before:]


def _claimed(site: Site, sweep: str) -> None:
    eventually(lambda: site.claims(sweep), "a worker has claimed something", PATIENCE, every=LOOK_EVERY)


def _begun(site: Site, sweep: str) -> None:
    def progress() -> bool:
        return any(kind == "progress" for _number, kind, *_ in site.stored(sweep).events)

    eventually(progress, "a worker is in the middle of its run", PATIENCE, every=LOOK_EVERY)


def _over(site: Site, sweep: str) -> None:
    def over() -> bool:
        return site.stored(sweep).state in OVER

    eventually(over, f"sweep {sweep} is over", PATIENCE, every=LOOK_EVERY)


def _healed(host: Host) -> float:
    host.heal()
    return time.time()


def _readiness(site: Site, patience: float) -> str:
    try:
        return str(site.client.get("/readyz", timeout=patience).status_code)
    except httpx.TransportError as error:
        return type(error).__name__
