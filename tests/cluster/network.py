"""A switch with hosts on it: each has a network and a name of its own, and its cable can be pulled."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from service.supervisor.leash import leashed
from tests.cluster.isolation import NotPermitted

SWITCH = "switch"
NETWORK = "10.77.0.0/24"
_NUMBER = "10.77.0.{}/24"
OUTSIDE = 1  # the number of the machine that everything is watched from


class Host:
    """A machine, as far as the network can tell. One fault at a time; `heal` ends it."""

    def __init__(self, name: str, address: str, process: int) -> None:
        self.name = name
        self.address = address
        self._port = f"to-{name}"  # the switch's end of its cable
        self._namespaces = f"/proc/{process}/ns"

    def command(self, command: Sequence[str]) -> list[str]:
        """The command that runs another one there; it becomes that one and keeps its process id."""
        return [
            "nsenter", f"--net={self._namespaces}/net", f"--uts={self._namespaces}/uts", "--", *command,
        ]  # fmt: skip

    def cut(self) -> None:
        """Pull the cable out of the switch: both ends keep their connections, and hear nothing."""
        _run(["ip", "link", "set", self._port, "down"])

    def mute(self) -> None:
        """Lose what it sends; it goes on hearing."""
        _run(self.command(_losing("eth0")))

    def deafen(self) -> None:
        """Lose what is sent to it; it goes on being heard."""
        _run(_losing(self._port))

    def slow_down(self, seconds: float) -> str:
        """Let everything that it sends take so long, or about as long where the kernel cannot delay.

        Returns what was done, in words.
        """
        delay = ["tc", "qdisc", "replace", "dev", "eth0", "root"]
        try:
            _run(self.command([*delay, "netem", "delay", f"{seconds:g}s"]))
        except NotPermitted:
            # A modem's line: packets queue up for as long as their bytes take.
            _run(self.command([*delay, "tbf", "rate", "2kbit", "burst", "1600", "limit", "1mb"]))
            return "a line of 2 kbit/s (this kernel has no netem)"
        return f"each packet {seconds:g} s late"

    def heal(self) -> None:
        """Put the cable back and forget every queue."""
        for end in ([], self.command([])):
            device = "eth0" if end else self._port
            subprocess.run(
                [*end, "tc", "qdisc", "del", "dev", device, "root"], capture_output=True, check=False
            )
        _run(["ip", "link", "set", self._port, "up"])


@contextmanager
def switched(names: Sequence[str]) -> Iterator[dict[str, Host]]:
    """Hosts on one switch, which the calling process is on as well.

    Raises:
        NotPermitted: with what the system says.
    """
    with ExitStack() as stack:
        _run(["ip", "link", "set", "lo", "up"])
        _run(["ip", "link", "add", SWITCH, "type", "bridge"])
        stack.callback(_run, ["ip", "link", "del", SWITCH])
        _run(["ip", "address", "add", _NUMBER.format(OUTSIDE), "dev", SWITCH])
        _run(["ip", "link", "set", SWITCH, "up"])
        yield {
            name: stack.enter_context(_plugged_in(name, _NUMBER.format(number)))
            for number, name in enumerate(names, OUTSIDE + 1)
        }


@contextmanager
def _plugged_in(name: str, address: str) -> Iterator[Host]:
    # A process holds the namespaces; with it they go, and with them the cable.
    hold = f"echo {name} > /proc/sys/kernel/hostname && echo ready && exec sleep infinity"
    command = ["unshare", "--net", "--uts", "--", "sh", "-c", hold]
    with subprocess.Popen(leashed(command), stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != "ready\n":
                raise NotPermitted(f"the host {name} could not be made")
            host = Host(name, address.partition("/")[0], holder.pid)
            link = ["ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "eth0"]
            _run([*link, "netns", str(holder.pid)])
            _run(["ip", "link", "set", f"to-{name}", "master", SWITCH, "up"])
            for words in ("link set lo up", f"address add {address} dev eth0", "link set eth0 up"):
                _run(host.command(["ip", *words.split()]))
            yield host
        finally:
            holder.kill()


def _losing(device: str) -> list[str]:
    # A queue with room for one byte takes no packet.
    return ["tc", "qdisc", "replace", "dev", device, "root", "bfifo", "limit", "1"]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotPermitted(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
