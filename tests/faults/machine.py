"""A machine whose processes the tests start and kill: real ones, over one data folder."""

import base64
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from app.settings import Settings
from app.wiring import Services, build_services
from services.access.tokens import ANY_CALL, Purpose
from services.domain.calls import (
    FINISHED_STATES,
    CallDetails,
    CallState,
    ProcessingOptions,
    RunProgress,
    Stage,
)
from services.domain.people import LOCAL_USER

ROOT = Path(__file__).parents[2]
ORG = LOCAL_USER.org_id
SCRIPTED = ProcessingOptions(provider="scripted", redact=False)
# What was waited for took 40 s once, with two processors for four tests.
WITHIN_S = 120.0
# Each look asks the database, and takes a processor from what is waited for.
LOOK_EVERY_S = 0.1
UPLOAD_OPTIONS = {"provider": "scripted", "redact": False}


@dataclass
class Machine:
    """The processes of one data folder, and a view of what they have stored."""

    folder: Path
    models: Path
    pause_ms: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    services: Services = field(init=False)

    def __post_init__(self) -> None:
        """Bring the database up to date; the weights are shared by all machines."""
        (self.folder / "models").symlink_to(self.models)
        self.services = build_services(Settings(data_dir=self.folder, scripted_provider=True))

    # --- processes ----------------------------------------------------------------------------

    def start_worker(
        self,
        *,
        supervised: bool = True,
        worker_id: str | None = None,
        max_file_bytes: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker as the supervisor does, or as somebody by hand."""
        variables = {"WORKER_ID": worker_id} if worker_id else {}
        command = ("app.worker", "--supervised") if supervised else ("app.cli", "worker")
        return self._start(
            "-m", *command, max_file_bytes=max_file_bytes, stdin=supervised, **variables
        )

    def start_dying_worker(self, stage: Stage, fraction: float) -> subprocess.Popen[bytes]:
        """Start a worker that is killed when its run has reported so much of a stage."""
        return self._start("-m", "tests.faults.dying_worker", stage.value, str(fraction))

    def start_watcher(self, folder: Path) -> subprocess.Popen[bytes]:
        """Start what takes in the recordings that come into a folder."""
        command = ("app.cli", "ingest", str(folder), "--watch", "--quiet", "0", "--every", "0.1")
        told = ("--pattern", "{any}_{id}.wav", "--provider", "scripted", "--most-waiting", "1000")
        return self._start("-m", *command, *told)

    def start_server(
        self, *, workers: bool = True, max_file_bytes: int | None = None, **variables: str
    ) -> "Server":
        """Start the web process and wait until it answers."""
        command = ("app.cli", "serve", "--workers" if workers else "--no-workers")
        process = self._start(
            "-m", *command, max_file_bytes=max_file_bytes, stdout=True, **variables
        )
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert "http://localhost:" in line, line
        return Server(process=process, address=line.split()[-1])

    def _start(
        self,
        *arguments: str,
        max_file_bytes: int | None = None,
        stdin: bool = False,
        stdout: bool = False,
        **variables: str,
    ) -> subprocess.Popen[bytes]:
        def limit() -> None:
            if max_file_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))

        environment = os.environ | {
            "PARTYLINE_DATA_DIR": str(self.folder),
            "PARTYLINE_SCRIPTED_PROVIDER": "1",
            "PARTYLINE_SCRIPTED_PAUSE_MS": str(self.pause_ms),
            "PORT": "0",
            **variables,
        }
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=subprocess.PIPE if stdout else subprocess.DEVNULL,
                stderr=log,
                preexec_fn=limit,
            )
        self.started.append(process)
        return process

    def close(self) -> None:
        """End what still runs."""
        for process in self.started:
            end(process, signal.SIGKILL)
        self.services.close()

    # --- what is stored -----------------------------------------------------------------------

    def take_in(self, sound: bytes) -> str:
        with self.services.intake.begin(LOCAL_USER, "call.wav") as incoming:
            incoming.write(sound)
            return incoming.commit(SCRIPTED, CallDetails()).call_id

    def progress(self, call_id: str) -> RunProgress:
        return self.services.desk.progress(LOCAL_USER, [call_id])[call_id]

    def wait(self, call_id: str, until: Callable[[RunProgress], bool]) -> RunProgress:
        deadline = time.monotonic() + WITHIN_S
        while not until(progress := self.progress(call_id)):
            assert time.monotonic() < deadline, f"still {progress}\n{self.log()}"
            time.sleep(LOOK_EVERY_S)
        return progress

    def reached(self, call_id: str, stage: Stage, fraction: float = 0.0) -> RunProgress:
        def there(progress: RunProgress) -> bool:
            is_there = progress.stage is stage and progress.stage_fraction >= fraction
            return is_there or progress.state in FINISHED_STATES

        return self.wait(call_id, there)

    def ended(self, call_id: str) -> CallState:
        return self.wait(call_id, lambda p: p.state in FINISHED_STATES).state

    def settle(self, until: Callable[[], bool]) -> None:
        """Wait for something that comes about by itself."""
        deadline = time.monotonic() + WITHIN_S
        while not until():
            assert time.monotonic() < deadline
            time.sleep(LOOK_EVERY_S)

    def files_of(self, call_id: str) -> list[Path]:
        return [p for p in (self.folder / "audio" / "calls" / call_id).iterdir() if p.is_file()]

    def log(self) -> str:
        return (self.folder / "log").read_text()[-3000:]

    def listening(self, call_id: str) -> dict[str, str]:
        """Return the query that opens a call's sound."""
        token = self.services.tokens.issue(
            Purpose.AUDIO, call_id, user=LOCAL_USER, session="s", ttl_s=600
        )
        return {"token": token}

    def leftovers(self) -> list[str]:
        """Return files of calls that are not there, and working files."""
        known = {row.call.id for row in self.services.calls.list(ORG)}
        audio = [p for p in (self.folder / "audio").rglob("*") if p.is_file()]
        strays = [str(p) for p in audio if p.parent.name not in known or "#" in p.name]
        return strays + [str(p) for p in (self.folder / "tmp").glob("*")]


@dataclass
class Server:
    """A web process that answers."""

    process: subprocess.Popen[bytes]
    address: str

    def upload(self, machine: Machine, sound: bytes) -> httpx.Response:
        return httpx.put(
            f"{self.address}/-/upload",
            headers=self.may_upload(machine) | about("call.wav"),
            content=sound,
            timeout=30,
        )

    def may_upload(self, machine: Machine) -> dict[str, str]:
        """Return the headers of a session that may upload."""
        token = machine.services.tokens.issue(
            Purpose.UPLOAD, ANY_CALL, user=LOCAL_USER, session="s", ttl_s=600
        )
        return {"Authorization": f"Bearer {token}"}

    def worker_pids(self) -> list[int]:
        """Return the processes that the web process has started."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for file in threads for pid in file.read_text().split()]


def about(name: str) -> dict[str, str]:
    """Return the header that names a recording and the options of its run."""
    said = json.dumps({"name": name, "options": UPLOAD_OPTIONS}).encode()
    return {"X-Partyline-Recording": base64.urlsafe_b64encode(said).decode().rstrip("=")}


def end(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    """End a process and wait for that; return its exit code."""
    if process.poll() is None:
        process.send_signal(how)
    code = process.wait(30)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return code


def is_running(pid: int) -> bool:
    """Say whether a process that is not our child runs."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in {"Z", "X"}


def gone(pids: list[int], within_s: float = 5.0) -> bool:
    """Wait for processes to end."""
    deadline = time.monotonic() + within_s
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
