from __future__ import annotations

from pathlib import Path

import pytest

from worker.lost import Kernel, cause


@pytest.mark.parametrize(
    ("how", "number", "kills", "said"),
    [
        ("signal 9 (SIGKILL)", 9, 1, "was killed by the system, which was out of memory"),
        ("signal 9 (SIGKILL)", 9, 0, "was killed (signal 9), by someone or because memory was short"),
        ("signal 11 (SIGSEGV)", 11, 1, "ended with signal 11 (SIGSEGV)"),
        ("exitcode 1", 0, 0, "ended with exitcode 1"),
    ],
)
def test_the_cause_is_told_as_far_as_it_is_known(how: str, number: int, kills: int, said: str) -> None:
    assert cause(how, number, kills) == f"its training process {said}"


def test_the_kernels_kills_are_counted_once(tmp_path: Path) -> None:
    count = tmp_path / "memory.events"
    count.write_text("oom 5\noom_kill 2\noom_group_kill 0\n")
    kernel = Kernel([tmp_path / "absent", count])
    assert kernel.kills() == 0
    count.write_text("oom 5\noom_kill 3\noom_group_kill 0\n")
    assert kernel.kills() == 1
    assert kernel.kills() == 0


def test_a_system_that_does_not_count_has_killed_nobody(tmp_path: Path) -> None:
    assert Kernel([tmp_path / "absent"]).kills() == 0
