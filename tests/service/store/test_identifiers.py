"""Public identifiers are UUIDv7 behind a letter."""

from __future__ import annotations

import subprocess
import sys
import time
from uuid import RFC_4122, UUID

from service.store.identifiers import new_id


def test_an_identifier_is_a_version_7_uuid_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    identifier = new_id("r")
    after = time.time_ns() // 1_000_000
    value = UUID(identifier.removeprefix("r_"))
    assert (value.version, value.variant) == (7, RFC_4122)
    assert before <= value.int >> 80 <= after


def test_identifiers_do_not_repeat() -> None:
    assert len({new_id("s") for _ in range(1000)}) == 1000


def test_identifiers_sort_in_the_order_in_which_they_were_made() -> None:
    made = []
    for _ in range(100):
        made.append(new_id("r"))
        time.sleep(0.000_01)
    assert made == sorted(made)


def test_a_process_and_its_fork_give_out_different_ones() -> None:
    program = (
        "import os\n"
        "from service.store.identifiers import new_id\n"
        "new_id('r')\n"
        "child = os.fork()\n"
        "os.write(1, f'{new_id(\"r\")[-16:]}\\n'.encode())\n"  # in one piece
        "if child: os.waitpid(child, 0)\n"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second = printed.stdout.split()
    assert first != second
