"""A worker process whose provider ``azure`` is scripted and writes down who works when.

Run as ``python -m tests.contract.scripted_worker WORKER_ID LOG PAUSE_MS``, with the settings in
the environment; it ends when its standard input does.
"""

import os
import sys
import threading
import time
from pathlib import Path

import app.wiring.services
from app.settings import load_settings
from app.wiring import build_worker
from services.audio.recording import Recording
from services.domain.calls import ProcessingOptions
from services.domain.running import RunContext
from services.domain.speech import Transcript
from services.jobs.liveness import WorkerPresence
from services.providers.registry import ProviderRegistry
from services.providers.scripted import ScriptedProvider
from tests.variants import variant


class Noted(ScriptedProvider):
    """Appends a line when it begins with a recording and one when it is done."""

    log: Path

    def _transcribe_impl(
        self, recording: Recording, options: ProcessingOptions, context: RunContext
    ) -> Transcript:
        self._note("+")
        try:
            return super()._transcribe_impl(recording, options, context)
        finally:
            self._note("-")

    def _note(self, change: str) -> None:
        line = f"{time.monotonic():.6f} {change} {os.getpid()}\n"
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, line.encode())
        os.close(handle)


def main() -> None:
    worker_id, log, pause_ms = sys.argv[1:]
    Noted.log = Path(log)
    provider = variant("azure", of=Noted, pause_ms=int(pause_ms))
    registry = ProviderRegistry({"azure": lambda: provider})
    app.wiring.services.build_providers = lambda *_: registry  # type: ignore[assignment]
    settings, stop = load_settings(), threading.Event()
    with WorkerPresence(settings.workers_dir, worker_id).hold():
        worker = build_worker(settings, worker_id, stopping=stop.is_set)
        # All begin together, however long each took to get here.
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        with worker.running():
            sys.stdin.read()
            stop.set()
            worker.wait_until_idle(20.0)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
