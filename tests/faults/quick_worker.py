"""A worker that looks after others many times a second, so that tests needn't wait for it.

Run as ``python -m tests.faults.quick_worker [JOBS_VERSION]``, with the settings in the environment.
"""

import os
import sys

import services.jobs.queue
from services import telemetry

BEAT_EVERY_S = 0.3
LOOK_EVERY_S = 0.3
LOST_AFTER_MS = 1_500
FROZEN_AFTER_MS = 3_000


def main() -> int:
    """Work until told to stop."""
    if len(sys.argv) > 1:
        # Before others read it.
        services.jobs.queue.JOBS_VERSION = sys.argv[1]
    import app.wiring.worker
    import services.jobs.presence
    import services.jobs.workers

    telemetry.configure("INFO")
    app.wiring.worker.LOOK_EVERY_S = LOOK_EVERY_S
    services.jobs.workers.LOST_AFTER_MS = LOST_AFTER_MS
    services.jobs.workers.FROZEN_AFTER_MS = FROZEN_AFTER_MS
    services.jobs.presence.BEAT_EVERY_S = BEAT_EVERY_S
    from app.cli import app as command

    sys.argv = ["partyline", "worker"]
    return command(standalone_mode=False) or 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
