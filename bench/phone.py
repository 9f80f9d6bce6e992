"""How soon the words of many phone calls at once are told, and whether all of them are.

Real parts from end to end: an emulated service in a process of its own, its signed connections to
the routes over sockets, the recogniser's process. What is told is taken where the pages' sockets
are told it. Nothing is recognised here: the words come as text, and are read.
"""

import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from app.processes import keep_memory_together
from app.routes import build_routes
from app.settings import ROOT, Settings
from app.wiring import Services, build_services
from bench.phone_dialler import LINE_MS
from bench.results import keep, table
from services.domain.calls import CallDetails, ProcessingOptions
from services.domain.people import LOCAL_USER
from services.telephony.acs.orders import PhoneOrder
from services.telephony.acs.wire.wishes import PhoneWish

SPEECH = "https://speech.example.org"
WARM_WITHIN_S = 120.0
MOST_P95_MS = 50.0
LAND_WITHIN_S = 60.0
AFTER_S = 5.0


@dataclass
class _Told:
    """What was told of one call, and when."""

    finals: dict[int, float] = field(default_factory=dict)
    partials: dict[tuple[int, int], float] = field(default_factory=dict)
    landed: bool = False

    def take(self, told: Any) -> None:
        now = time.monotonic()
        if told["type"] == "final":
            self.finals.setdefault(told["start_ms"], now)
        elif told["type"] == "partial":
            self.partials.setdefault((told["start_ms"], told["end_ms"]), now)
        elif told["type"] == "landed":
            self.landed = True


@dataclass(frozen=True, kw_only=True)
class PhoneLoad:
    """So many calls at once, for so many seconds, with personal data taken out or not.

    ``readers`` processes read their words. After ``rounds`` of it memory is what it was after the
    first, or something is never let go of.
    """

    calls: int = 50
    seconds: int = 120
    redact: bool = True
    readers: int = 1
    rounds: int = 1


def measure(load: PhoneLoad, json_file: Path | None) -> int:
    """Hold the calls, print a table; the exit status is 1 when a line was lost or late.

    Late is what nineteen of twenty frames are not: told more than 50 ms after they were sent.
    """
    # As the server does at its start.
    keep_memory_together()
    rows = hold(load)
    print(table(rows))
    keep("phone", rows, json_file)
    return int(any(row["lines lost"] or row["p95 ms"] > MOST_P95_MS for row in rows))


def hold(load: PhoneLoad) -> list[dict[str, Any]]:
    """Hold the calls; return the figures of each round."""
    order = PhoneOrder(
        name="A call",
        options=ProcessingOptions(provider="acs", redact=load.redact),
        details=CallDetails(),
        wish=PhoneWish(locales=("en-US",), sentiment=True),
    )
    with tempfile.TemporaryDirectory() as folder, _dialler(load.seconds) as dialler:
        with _serving(Path(folder), dialler, load.readers) as services:
            _warm_up(services, order)
            rounds = [_held(services, load, order) for _ in range(load.rounds)]
        sent = dialler.sent()
        return [_figures(load, told, sent, usage) for told, usage in rounds]


def _held(
    services: Services, load: PhoneLoad, order: PhoneOrder
) -> tuple[dict[str, _Told], dict[str, float]]:
    told: dict[str, _Told] = {}
    ids = []
    began = _used(services)
    placed_s = time.monotonic()
    for number in range(load.calls):
        # People don't speak in time with each other: the calls' lines end one after the other.
        due_s = placed_s + number * LINE_MS / 1_000 / load.calls
        time.sleep(max(0.0, due_s - time.monotonic()))
        running = services.phone.place(LOCAL_USER, f"+1425555{number:04}", order)
        assert running.phone is not None
        ids.append(running.id)
        one = told[running.phone.connection_id] = _Told()
        _, following = services.live.follow(LOCAL_USER, running.id, 0, one.take)
        for event in following.history:
            one.take(event)
    time.sleep(load.seconds / 4)
    early = _used(services)
    time.sleep(load.seconds * 3 / 4 + AFTER_S)
    late = _used(services)
    for call_id in ids:
        services.phone.hang_up(LOCAL_USER, call_id, for_everyone=True)
    until = time.monotonic() + LAND_WITHIN_S
    while not all(one.landed for one in told.values()) and time.monotonic() < until:
        time.sleep(0.1)
    return told, {**_grown(began, early, late), **_left(services)}


def _warm_up(services: Services, order: PhoneOrder) -> None:
    """Hold a call until its first line is told: models are loaded by then."""
    services.live_readers.prepare()
    for number in range(len(getattr(services.live_readers, "recognisers", (None,)))):
        _warm_up_one(services, order, number)


def _warm_up_one(services: Services, order: PhoneOrder, number: int) -> None:
    told = _Told()
    running = services.phone.place(LOCAL_USER, f"+1425555999{number}", order)
    services.live.follow(LOCAL_USER, running.id, 0, told.take)
    until = time.monotonic() + WARM_WITHIN_S
    while not told.finals and time.monotonic() < until:
        time.sleep(0.1)
    services.phone.hang_up(LOCAL_USER, running.id, for_everyone=True)
    while not told.landed and time.monotonic() < until:
        time.sleep(0.1)


def _figures(
    load: PhoneLoad,
    told: dict[str, _Told],
    sent: dict[str, list[dict[str, Any]]],
    usage: dict[str, float],
) -> dict[str, Any]:
    finals, partials, lost, frames = [], [], 0, 0
    for connection_id, one in told.items():
        every = sent[connection_id]
        for frame in every:
            frames += 1
            if frame["is_final"]:
                at = one.finals.get(frame["start_ms"])
                lost += at is None
                finals += [] if at is None else [at - frame["sent_s"]]
            else:
                at = one.partials.get((frame["start_ms"], frame["end_ms"]))
                partials += [] if at is None else [at - frame["sent_s"]]
    every_frame = [1_000 * lag for lag in (*finals, *partials)]
    return {
        "calls": load.calls,
        "seconds": load.seconds,
        "redacted": "yes" if load.redact else "no",
        "readers": load.readers,
        "frames": frames,
        "lines": len(finals) + lost,
        "lines lost": lost,
        "landed": sum(one.landed for one in told.values()),
        "p50 ms": float(np.percentile(every_frame, 50)),
        "p95 ms": float(np.percentile(every_frame, 95)),
        "p95 final ms": float(np.percentile([1_000 * lag for lag in finals], 95)),
        "most ms": max(every_frame),
        "partials": len(partials),
        "partials late or held back": frames - len(finals) - lost - len(partials),
        **usage,
    }


# --- what it takes --------------------------------------------------------------------------------


def _used(services: Services) -> dict[str, float]:
    """Return memory in MiB and processor time in s of this process and of its recogniser."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    readers = getattr(services.live_readers, "recognisers", (services.live_readers,))
    pids = [pid for one in readers if (pid := getattr(one, "pid", None))]
    return {
        "web MiB": _resident(os.getpid()),
        "reader MiB": sum(map(_resident, pids)),
        "web cpu s": own.ru_utime + own.ru_stime,
        "reader cpu s": sum(map(_cpu, pids)),
    }


def _grown(
    began: dict[str, float], early: dict[str, float], late: dict[str, float]
) -> dict[str, float]:
    grown = {f"{name} grown": late[name] - early[name] for name in ("web MiB", "reader MiB")}
    spent = {name: late[name] - began[name] for name in ("web cpu s", "reader cpu s")}
    return {**grown, **spent}


def _left(services: Services) -> dict[str, float]:
    """Return what memory is still taken when the calls of a round have landed."""
    used = _used(services)
    return {f"{name} at the end": used[name] for name in ("web MiB", "reader MiB")}


def _resident(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0.0


def _cpu(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


# --- both ends ----------------------------------------------------------------------------------


class _Dialler:
    """The emulated service's process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self._process = process
        self.endpoint, self.key, self.audience = json.loads(process.stdout.readline())

    def sent(self) -> dict[str, list[dict[str, Any]]]:
        """Return the frames of each connection."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        sent: dict[str, list[dict[str, Any]]] = json.loads(self._process.stdout.readline())
        return sent


@contextmanager
def _dialler(seconds: int) -> Iterator[_Dialler]:
    command = [sys.executable, "-m", "bench.phone_dialler", str(seconds)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Dialler(process)
        finally:
            process.kill()


@contextmanager
def _serving(folder: Path, dialler: _Dialler, readers: int) -> Iterator[Services]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        services = build_services(
            Settings(
                data_dir=folder,
                readers=readers,
                acs_endpoint=dialler.endpoint,
                acs_access_key=SecretStr(dialler.key),
                acs_resource_id=dialler.audience,
                acs_token_issuer=dialler.endpoint,
                acs_speech_endpoint=SPEECH,
                acs_caller_number="+14255550100",
                phone_prefix_list="+1",
                public_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
            )
        )
        application = Starlette(routes=build_routes(lambda: services, lambda _: {}))
        config = uvicorn.Config(
            application, log_config=None, lifespan="off", ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        services.live_keeper.start()
        try:
            yield services
        finally:
            server.should_exit = True
            thread.join()
            services.close()
