"""The real server, in which calls of the scripted provider are being held from the start.

``python -m tests.browser.held_calls SECONDS NAME [NAME …]``: so long a call of each name, in real
time. Where the folder of the data says so by a file ``hold``, they begin once it is gone.
"""

import os
import sys
import threading
import time
from itertools import repeat

from app.serve import run_server
from app.settings import load_settings
from app.wiring import process_services
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.live_calls import LiveSource
from services.domain.people import LOCAL_USER

CHUNK = bytes(3_200)
CHUNKS_A_SECOND = 10


def hold(names: list[str], seconds: int) -> None:
    """Begin the calls once the server has its services."""
    desk = process_services().live
    for name in names:
        call = desk.begin(
            LOCAL_USER,
            name,
            ProcessingOptions(provider="scripted", language="en"),
            CallDetails(agent_name="Nora Fields"),
            channels=1,
            source=LiveSource.RECORDING,
        )
        desk.play(LOCAL_USER, call.id, repeat(CHUNK, seconds * CHUNKS_A_SECOND))
        time.sleep(0.5)


if __name__ == "__main__":
    settings = load_settings()
    os.environ.update(settings.places())
    process_services()
    threading.Thread(target=hold, args=(sys.argv[2:], int(sys.argv[1])), daemon=True).start()
    raise SystemExit(run_server(settings, workers=settings.embedded_worker))
