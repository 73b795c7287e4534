"""`python -m tests.cluster.holding`: a transaction of a worker's, open until its input ends.

Between two statements of a record a worker is for milliseconds, too short to strike. This has the same locks
for as long as it takes to pull the cable.
"""

from __future__ import annotations

import os
import sys

from sqlalchemy import select

from service.planning.statuses import PopulationState
from service.store.database import Database
from service.store.schema import PopulationRow, Sweep


def main() -> None:
    """Lock what is being trained, say so, and wait."""
    running = PopulationRow.state == PopulationState.RUNNING
    with Database(os.environ["BACKSWEEP_DATABASE_URL"]).write() as session:
        sweeps = session.scalars(select(PopulationRow.sweep_id).where(running).with_for_update()).all()
        session.execute(select(Sweep.id).where(Sweep.id.in_(sweeps)).with_for_update())
        print("locked", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
