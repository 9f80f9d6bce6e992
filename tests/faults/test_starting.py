"""Starting and stopping the whole: addresses, one clear line, headers, take-over by a worker."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from services.domain.calls import CallState, Stage
from services.jobs.liveness import WorkerPresence
from services.storage.audio_vault import Rendition
from tests.faults.machine import ROOT, Machine, end, gone
from tests.faults.sounds import tone

pytestmark = pytest.mark.slow


def test_serving_from_start_to_stop_with_a_crash_in_between(machine: Machine) -> None:
    machine.pause_ms = 200
    server = machine.start_server()
    machine.settle(lambda: httpx.get(f"{server.address}/readyz").status_code == 200)
    page = httpx.get(server.address)
    assert page.status_code == 200
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert httpx.get(server.address, headers={"Host": "evil.test"}).status_code == 421
    call_id = server.upload(machine, tone(120)).json()["call_id"]
    machine.reached(call_id, Stage.RECOGNISE, 0.1)
    (crashing,) = server.worker_pids()
    os.kill(crashing, signal.SIGSEGV)
    assert machine.ended(call_id) is CallState.READY
    (worker,) = server.worker_pids()
    assert worker != crashing
    query = machine.listening(call_id)
    heard = httpx.get(
        f"{server.address}/-/audio/{call_id}",
        params=query,
        headers={"Range": "bytes=0-99", "Accept-Encoding": "gzip"},
    )
    assert heard.status_code == 206
    key = machine.services.calls.key("local", call_id)
    with machine.services.vault.open(call_id, Rendition.PLAYBACK, key) as sound:
        assert heard.content == sound.read(100)
    whole = httpx.get(f"{server.address}/-/audio/{call_id}", params=query)
    assert "content-encoding" not in whole.headers
    end(server.process, signal.SIGINT)
    assert gone([worker])
    assert query["token"] not in machine.log()
    assert "HTTP/1.1" not in machine.log()
    assert "Traceback" not in machine.log()


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"HOST": "0.0.0.0"}, "without a login"),
        ({"PORT": "many"}, "PORT"),
        ({"PARTYLINE_KEY": "short"}, "key"),
        ({}, "in use"),
    ],
)
def test_what_is_refused_costs_one_line(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = "0" if variables else str(taken.getsockname()[1])
        environment = os.environ | {"PARTYLINE_DATA_DIR": str(tmp_path), "PORT": port} | variables
        ended = subprocess.run(
            [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    (line,) = [one for one in ended.stderr.splitlines() if not one.startswith("{")]
    assert ended.returncode == 2
    assert words in line
    assert "short" not in line


def test_another_worker_takes_over_from_a_killed_one(machine: Machine) -> None:
    machine.pause_ms = 200
    call_id = machine.take_in(tone(240))
    first = machine.start_worker(supervised=False)
    machine.reached(call_id, Stage.RECOGNISE)
    end(first, signal.SIGKILL)
    machine.start_worker(supervised=False)
    assert machine.reached(call_id, Stage.SPEAKERS).state is CallState.PROCESSING


def test_a_second_worker_of_the_same_name_is_refused(machine: Machine) -> None:
    with WorkerPresence(machine.folder / "workers", "one").hold():
        second = machine.start_worker(supervised=False, worker_id="one")
        assert second.wait(30) == 2
    assert "this id is running already" in machine.log()
