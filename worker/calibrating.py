"""A machine is measured once: the first worker of its kind trains for a second, and the others read."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

from core.calibration import calibrate
from service.lifecycle.calibrations import calibration_of, keep_calibration

if TYPE_CHECKING:
    from core.calibration import Calibration
    from worker.context import Context

log = logging.getLogger(__name__)


def know_the_machine(context: Context) -> None:
    """See to it that this worker's row says how large a population should be here.

    Nothing depends on it but speed, so whatever goes wrong is only logged.
    """
    try:
        found = _known(context)
        if found is None:
            measured = calibrate()
            # Workers that began together measured together: they keep what the first of them wrote down.
            found = _known(context) or measured
        context.database.run(lambda session: keep_calibration(session, context.name, found))
    except Exception:
        log.warning("the machine could not be measured; populations have their usual size", exc_info=True)


def _known(context: Context) -> Calibration | None:
    with context.database.read() as session:
        return calibration_of(session, socket.gethostname(), context.environment_class)
