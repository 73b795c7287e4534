"""The program runs in namespaces of its own: nothing it makes is seen outside, and nothing outlives it.

A process space of its own lets the kernel kill everything with the first process, however that ends; a
network of its own has none of the machine's interfaces; a file system in memory holds every file.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from service.supervisor.leash import leashed

INSIDE = "BACKSWEEP_CLUSTER_INSIDE"  # the variable that says that this has been done, and names the folder
TOOLS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "util-linux",
    "ip": "iproute2",
    "tc": "iproute2",
}


class NotPermitted(Exception):
    """This machine has no namespaces for us, or lacks a tool."""


@contextmanager
def isolated(arguments: Sequence[str]) -> Iterator[Path]:
    """A folder in memory, in a process that has its own network, processes and mounts.

    Outside, the block is not entered: this process becomes the parent of one that runs `arguments` inside,
    and ends with its exit code.

    Raises:
        NotPermitted: with what is missing.
    """
    if INSIDE not in os.environ:
        raise SystemExit(_run_inside(arguments))
    signal.signal(signal.SIGTERM, _end)  # the first process of a space has no default for it
    folder = Path(os.environ.pop(INSIDE))
    # Everybody may pass, nobody may look: PostgreSQL is not run by root.
    _run(["mount", "-t", "tmpfs", "-o", "mode=0711", "backsweep", str(folder)])
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    yield folder


def _run_inside(arguments: Sequence[str]) -> int:
    if missing := {tool: package for tool, package in TOOLS.items() if shutil.which(tool) is None}:
        needed = ", ".join(f"{tool} (of {package})" for tool, package in missing.items())
        raise NotPermitted(f"it needs {needed} on the PATH")
    unshare = ["unshare", *_namespaces()]
    _run([*unshare, "true"])
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="backsweep-cluster-") as folder:
        command = [*unshare, sys.executable, "-m", "tests.cluster", *arguments]
        process = subprocess.Popen(leashed(command), env={**os.environ, INSIDE: folder})
        try:
            return process.wait()
        finally:
            process.kill()  # and with it, by --kill-child, everything inside
            process.wait()


def _namespaces() -> list[str]:
    # Who is not root becomes the owner of a user space of their own, where the system allows that.
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    return [*user, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        who = "root" if os.geteuid() == 0 else "a user who is not root"
        raise NotPermitted(f"{who} may not do it here: {done.stderr.strip()[-300:]}")


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)
