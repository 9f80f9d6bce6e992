"""A process that looks for rules in the calls it is told to, and ends with its input."""

import os
import signal
import sys

from app.processes import keep_libraries_quiet
from app.sweep_wiring import prepare_sweeping
from services import telemetry
from services.sweeping.children import answer


def main() -> int:
    """Answer on standard output what is asked on standard input; the exit status."""
    # Ctrl-C reaches the whole group; whoever asked decides when this ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    telemetry.configure("WARNING")
    keep_libraries_quiet()
    try:
        answer(sys.stdin.buffer, sys.stdout.buffer, prepare_sweeping)
    except Exception as error:
        telemetry.fault("sweep.child_failed", error)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)
