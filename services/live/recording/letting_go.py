"""Lets go of many live calls at once, so that a process that is told to stop stops soon."""

import threading
import time
from collections.abc import Iterable

from services import telemetry
from services.live.recording.held_by import Held

LET_GO_WITHIN_S = 10.0
"""So long at most all calls together are waited for: each waits for last lines and its recogniser,
and whoever stops a process doesn't wait for minutes."""


def let_go(calls: Iterable[Held]) -> None:
    """Release calls side by side; one that fails or takes too long keeps no other waiting."""
    threads = [
        threading.Thread(target=_release, args=(call,), name="live-release", daemon=True)
        for call in calls
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + LET_GO_WITHIN_S
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    left = sum(thread.is_alive() for thread in threads)
    if left:
        telemetry.warning("live.not_let_go", calls=left)


def _release(call: Held) -> None:
    try:
        call.release()
    except Exception as error:
        telemetry.fault("live.release", error)
