"""Hosts that share nothing but a database on a server and a place for sound."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from app.settings import Settings
from app.wiring import Services, build_services
from services.domain.calls import FINISHED_STATES, CallDetails, CallState, Priority, RunProgress
from services.domain.people import LOCAL_USER
from tests.faults.machine import LOOK_EVERY_S, ROOT, SCRIPTED, end
from tests.faults.sounds import tone

WITHIN_S = 90.0


@dataclass
class Hosts:
    """Workers on hosts of their own, and a view of what they have stored."""

    folder: Path
    models: Path
    database: str
    pause_ms: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        """Bring the database up to date; one host more looks at it."""
        key = "0" * 43 + "="
        self.variables = {
            "DATABASE_URL": self.database,
            "STORAGE_URL": (self.folder / "audio").as_uri(),
            "PARTYLINE_KEY": key,
            "PARTYLINE_SCRIPTED_PROVIDER": "1",
        }
        settings = Settings(
            data_dir=self._host("viewer"),
            database=self.database,
            storage=self.variables["STORAGE_URL"],
            partyline_key=key,
            scripted_provider=True,
        )
        self.services = build_services(settings)

    def start_worker(self, host: str, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a worker on this host."""
        environment = os.environ | self.variables
        environment |= {
            "PARTYLINE_DATA_DIR": str(self._host(host)),
            "PARTYLINE_SCRIPTED_PAUSE_MS": str(self.pause_ms),
            "PARTYLINE_DRAIN_MS": "300",
            **variables,
        }
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.quick_worker", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.started.append(process)
        return process

    def _host(self, name: str) -> Path:
        data = self.folder / name
        if not data.exists():
            data.mkdir()
            (data / "models").symlink_to(self.models)
        return data

    def close(self) -> None:
        """End what still runs."""
        for process in self.started:
            end(process, signal.SIGKILL)
        self.services.close()

    def take_in(self, sound: bytes, priority: Priority = Priority.SINGLE) -> str:
        """Take a recording in; return its call's id."""
        with self.services.intake.begin(LOCAL_USER, "call.wav") as incoming:
            incoming.write(sound)
            return incoming.commit(SCRIPTED, CallDetails(), priority=priority).call_id

    def progress(self, call_id: str) -> RunProgress:
        """Return how far a call has come."""
        return self.services.desk.progress(LOCAL_USER, [call_id])[call_id]

    def settle(self, until: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait for something that comes about by itself; a server that is away is waited for."""
        deadline = time.monotonic() + within_s
        while not until():
            assert time.monotonic() < deadline, self.log()
            time.sleep(LOOK_EVERY_S)

    def ended(self, call_id: str) -> CallState:
        """Wait until a call has ended."""
        self.settle(lambda: self.progress(call_id).state in FINISHED_STATES)
        return self.progress(call_id).state

    def runner_of(self, call_id: str) -> str | None:
        """Return the worker that has a call's first job now."""
        return self.services.queue.running().get(f"{call_id}.1")

    def states(self) -> Counter[str]:
        """Count the calls by state."""
        return Counter(row[0] for row in self.rows("SELECT state FROM calls"))

    def rows(self, query: str) -> list[Any]:
        """Ask the database."""
        engine = create_engine(self.database)
        try:
            with engine.connect() as connection:
                return list(connection.execute(text(query)))
        finally:
            engine.dispose()

    def log(self) -> str:
        """Return the end of what the workers have logged."""
        return (self.folder / "log").read_text()[-3000:]


@contextmanager
def frozen(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Have a process stand still while the block runs, as on a host that was put to sleep."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def sounds(number: int) -> list[bytes]:
    """Return so many different recordings of a second."""
    return [tone(1, 200 + n) for n in range(number)]
