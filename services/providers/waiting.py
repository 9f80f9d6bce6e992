"""Waiting between attempts, for as long as the run is wanted."""

import time

from services.domain.errors import Cancelled
from services.domain.running import RunContext

LOOK_EVERY_S = 0.1


def wait(seconds: float, context: RunContext) -> None:
    """Wait so long. Raises Cancelled as soon as nobody wants the run any more."""
    until = time.monotonic() + seconds
    while not context.is_cancelled():
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, LOOK_EVERY_S))
    raise Cancelled
