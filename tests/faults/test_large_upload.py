"""Large uploads stay neither in the web process's memory nor, broken off, on the disk."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.machine import ORG, Machine, Server, about, end

pytestmark = pytest.mark.slow

SIZE_BYTES = 300_000_000
GROWTH_BYTES = 50_000_000
BLOCK = bytes(range(256)) * 4096


def test_large_uploads(machine: Machine) -> None:
    server = machine.start_server(workers=False)
    assert server.upload(machine, BLOCK).status_code == 201
    with pytest.raises(ConnectionError):
        put(server, machine, broken_off())
    machine.settle(lambda: machine.leftovers() == [])
    assert len(machine.services.calls.list(ORG)) == 1
    before = peak_bytes(server.process.pid)
    answer = put(server, machine, blocks())
    assert answer.status_code == 201, answer.text
    assert peak_bytes(server.process.pid) - before < GROWTH_BYTES
    (large,) = machine.files_of(answer.json()["call_id"])
    assert large.stat().st_size > SIZE_BYTES
    end(server.process, signal.SIGTERM)


def put(server: Server, machine: Machine, content: Iterator[bytes]) -> httpx.Response:
    return httpx.put(
        f"{server.address}/-/upload",
        headers=server.may_upload(machine) | about("large.wav"),
        content=content,
        timeout=120,
    )


def broken_off() -> Iterator[bytes]:
    """Send a little, then go away."""
    for _ in range(20):
        yield BLOCK
    raise ConnectionError


def blocks() -> Iterator[bytes]:
    for _ in range(SIZE_BYTES // len(BLOCK) + 1):
        yield BLOCK


def peak_bytes(pid: int) -> int:
    """Return the most memory a process has had resident so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024
