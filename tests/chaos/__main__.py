"""`make chaos`: a long storm on each database, with its figures; exit code 1 if anything was lost."""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path

from tests.chaos.faults import KILLS
from tests.chaos.storm import SHARES, SHARES_OF_POSTGRES, scaled, storm, undisturbed
from tests.servers.postgres import running_postgres

LONGEST_GAP = 0.6  # seconds


def main() -> int:
    """Inflict FAULTS kills of workers, half of them on each database, and the other faults in proportion."""
    kills = int(os.environ.get("FAULTS", "1000"))
    seed = int(os.environ.get("SEED", str(random.SystemRandom().randrange(2**31))))
    print(f"SEED={seed} FAULTS={kills}: so many workers and training processes are killed", flush=True)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="backsweep-chaos-") as name:
        folder = Path(name)
        quiet = undisturbed(folder / "quiet")
        with running_postgres(durable=True) as server:
            for title, shares, postgres in (
                ("SQLite", SHARES, None),
                ("PostgreSQL", SHARES_OF_POSTGRES, server),
            ):
                begun = time.monotonic()
                counts = scaled(shares, kills / 2 / sum(shares[kind] for kind in KILLS))
                print(f"\n{title}: {sum(counts.values())} faults", flush=True)
                report = storm(
                    folder / title,
                    quiet,
                    counts,
                    seed=seed,
                    longest_gap=LONGEST_GAP,
                    postgres=postgres,
                    tell=_every_fifty,
                )
                wrong += len(report.wrong)
                print(f"{title}, {time.monotonic() - begun:.0f} s\n{report}", flush=True)
    return min(wrong, 1)


def _every_fifty(done: int) -> None:
    if done % 50 == 0:
        print(f"  {done} faults so far", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
