"""Decoders that are forked: how they end, and what becomes of the process that forks them."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.settings import ROOT
from services.audio.apart import forking as forking_module
from services.audio.apart.forking import Forked, Forking
from services.domain.errors import DecoderLost

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such forks")

# Each fork does what it reads, and writes what comes of it.
PROGRAM = """
import os, signal, socket, sys, time
from services.audio.apart import forks

def run():
    os.environ["FORKED"] = "1"
    exec(sys.stdin.buffer.raw.read(10_000).decode())
    os._exit(0)

forks.IDLE_S = float(os.environ.get("IDLE_S", "60"))
forks.fork_for_each(socket.socket(fileno=int(sys.argv[1])), run)
"""


def forking_with(**environment: str) -> Forking:
    command = (sys.executable, "-c", textwrap.dedent(PROGRAM))
    return Forking(command, folder=ROOT, environment={"PATH": os.environ["PATH"], **environment})


@pytest.fixture
def forking() -> Iterator[Forking]:
    made = forking_with()
    yield made
    made.close()


def ended(child: Forked, script: str) -> int:
    with child:
        child.orders.write(script.encode())
        child.orders.flush()
        return child.wait(20)


def answer(child: Forked, script: str) -> bytes:
    with child:
        child.orders.write(script.encode())
        child.orders.flush()
        return child.answers.read()


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("pass", 0),
        ("os._exit(3)", 3),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
    ],
)
def test_its_end_is_told_as_it_was(forking: Forking, script: str, status: int) -> None:
    assert ended(forking(), script) == status


def test_many_at_once_end_each_in_its_own_way(forking: Forking) -> None:
    def one(number: int) -> int:
        return ended(forking(), f"time.sleep(0.1); os._exit({number})")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(24))) == list(range(24))


def test_one_is_killed_and_the_others_go_on(forking: Forking) -> None:
    with forking() as killed, forking() as other:
        with pytest.raises(TimeoutError):
            killed.wait(0.1)
        killed.kill()
        assert killed.wait(20) == -signal.SIGKILL
        killed.kill()
        other.orders.write(b"os._exit(7)")
        other.orders.flush()
        assert other.wait(20) == 7


def test_a_fork_holds_nothing_but_its_own_pipes(forking: Forking) -> None:
    with forking():
        held = answer(
            forking(),
            "print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
            " if int(n) > 2 and os.path.exists(f'/proc/self/fd/{n}')], flush=True)",
        )
    # the folder that is being listed is open meanwhile
    assert b"socket" not in held
    assert b"pipe" not in held
    assert b"eventpoll" not in held


def test_whoever_had_it_made_is_gone(forking: Forking) -> None:
    with forking() as child:
        child.orders.write(b"print(os.getpid(), flush=True); time.sleep(60)")
        child.orders.flush()
        pid = int(child.answers.readline())
        child._told.shutdown(socket.SHUT_WR)
        assert gone(pid)


def test_a_process_that_forks_and_is_killed_takes_its_forks_along_and_has_a_successor(
    forking: Forking,
) -> None:
    with forking() as child:
        assert forking.pid is not None
        os.kill(forking.pid, signal.SIGKILL)
        assert child.wait(20) == -signal.SIGKILL
    assert ended(forking(), "os._exit(5)") == 5


def test_it_leaves_when_nobody_asks_and_comes_back() -> None:
    forking = forking_with(IDLE_S="0.05")
    for _ in range(3):
        assert ended(forking(), "os._exit(4)") == 4
        pid = forking.pid
        assert pid is not None
        assert gone(pid)
    forking.close()


def test_it_is_replaced_after_many_forks(forking: Forking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking_module, "MOST_FORKS", 2)
    pids = []
    for _ in range(4):
        assert ended(forking(), "pass") == 0
        pids.append(forking.pid)
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_where_nothing_can_be_started_it_is_one_clear_error() -> None:
    with pytest.raises(DecoderLost):
        Forking(("/no/such/program",), folder=ROOT, environment={})()


def test_a_process_that_dies_leaves_none_of_them() -> None:
    code = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.unit.audio.apart.test_forking import forking_with
forking = forking_with()
child = forking()
child.orders.write(b"print(os.getpid(), flush=True); time.sleep(60)")
child.orders.flush()
print(forking.pid, int(child.answers.readline()), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert all(gone(int(pid)) for pid in done.stdout.split())


def gone(pid: int) -> bool:
    """Wait for a process to end."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
